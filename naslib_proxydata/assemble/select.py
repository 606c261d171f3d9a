"""A selection: from a request to indices, files and a figure."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata import plugins as room
from naslib_proxydata.cache import cache_folder
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.runs.setup import resolved_device
from naslib_proxydata.selection.base import Selection, Selector
from naslib_proxydata.selection.files import save_selection
from naslib_proxydata.selection.plots import draw_selection
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.score_files import read_scores, write_scores
from naslib_proxydata.selection.scorers.base import Workplace
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import make_scorer, score_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset

_log = logging.getLogger(__name__)

UNITS = {
    "entropy": "entropy (nats)",
    "loss": "loss (nats)",
    "reconstruction": "loss (nats / pixel)",
}


@dataclass(frozen=True)
class SelectionRequest:
    """What a user asks for; the fields are the options of ``naslib-proxydata select``.

    Attributes:
        dataset: See :func:`naslib_proxydata.data.sources.open_dataset`.
        selector: Name of the selector.
        out: The ``.npz`` file to write.
        size: Number of examples, or None where ``fraction`` says it.
        fraction: Share of the dataset, in (0, 1]; the number is rounded down.
        options: Arguments of the selector.
        seed: Seed of scorer, choice and split.
        shares: Shares of the weights and of the architecture.
        scores: A score file to use, or None to compute what the selector needs.
        save_scores: Where to write the scores or features, or None.
        scorer: Name of the scorer; the selector's own where empty.
        model: Name of the scorer's model; the scorer's own where empty.
        quick: Train with the quick recipe (15 epochs), not with the paper's (200).
        device: A torch device string, or ``auto``: a GPU where there is one.
        cache: Folder of training runs and scores, or None for the user's.
        plot: Also draw ``out`` with the suffix ``.png``.
        plugins: Python files with further plugins.
    """

    dataset: str
    selector: str
    out: Path
    size: int | None = None
    fraction: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    shares: tuple[float, float] = (0.5, 0.5)
    scores: Path | None = None
    save_scores: Path | None = None
    scorer: str = ""
    model: str = ""
    quick: bool = False
    device: str = "auto"
    cache: Path | None = None
    plot: bool = False
    plugins: tuple[Path, ...] = ()


def run_selection(request: SelectionRequest) -> Selection:
    """Open, score, choose, write and draw.

    Raises:
        ProxyDataError: Something is to be put right by the user; nothing is written then but
            the cache.
    """
    selector: Selector = room.load(request.plugins).create(
        "selectors", request.selector, **request.options
    )
    if request.out.suffix != ".npz":
        raise SelectionError(f"a selection's file must end in .npz, got {request.out}")
    dataset = open_dataset(request.dataset)
    size = resolved_size(request, len(dataset))
    if "labels" in selector.needs:
        dataset.required_labels(f"selector {selector.name!r}")
    values = _values(request, selector, dataset)
    if request.plot and values is None and dataset.labels is None:
        raise SelectionError("--plot: there are neither scores nor classes to draw")
    started = time.perf_counter()
    selection = make_selection(
        dataset, selector, size, seed=request.seed, values=values, shares=request.shares
    )
    _log.info("chose %d of %d in %.2f s", size, len(dataset), time.perf_counter() - started)
    save_selection(selection, request.out)
    if request.save_scores is not None and values is not None:
        write_scores(request.save_scores, values, dataset)
    if request.plot:
        _draw(request, selector, dataset, selection, values)
    return selection


def resolved_size(request: SelectionRequest, count: int) -> int:
    """Return the number of examples that a request means for a dataset of ``count``.

    Raises:
        SelectionError: Not exactly one of size and fraction is given, the size is not from 1 to
            ``count``, or the fraction is not in (0, 1] or leaves no example.
    """
    if (request.size is None) == (request.fraction is None):
        raise SelectionError("give either --size or --fraction")
    if request.size is not None:
        if not 1 <= request.size <= count:
            raise SelectionError(
                f"--size must be from 1 to {count}, the number of examples, got {request.size}"
            )
        return request.size
    fraction = float(request.fraction or 0)
    size = int(fraction * count + 1e-9)  # 0.29 * 100 is 28.999...
    if not 0 < fraction <= 1 or size < 1:
        raise SelectionError(
            f"--fraction must be above 0 and at most 1 and leave an example, got {fraction} of "
            f"{count}"
        )
    return size


def _values(request: SelectionRequest, selector: Selector, dataset: Dataset) -> NDArray[Any] | None:
    """Return the scores or features that the selector needs, or that a score file holds."""
    if request.scores is not None:
        return read_scores(request.scores, dataset.name).for_dataset(dataset)
    wanted = selector.needs & {"scores", "features"}
    name = request.scorer or (selector.scorer if wanted else "")
    if not name:
        if wanted:
            raise SelectionError(
                f"selector {selector.name!r} needs {' and '.join(sorted(wanted))}; give --scorer "
                "or --scores"
            )
        return None
    given = make_scorer(name).gives
    if wanted and given not in wanted:
        raise SelectionError(
            f"selector {selector.name!r} needs {sorted(wanted)[0]}, scorer {name!r} gives {given}"
        )
    place = Workplace(
        dataset,
        request.cache or cache_folder(),
        request.model,
        QUICK if request.quick else PAPER,
        request.seed,
        resolved_device(request.device),
    )
    return score_dataset(name, place)


def _draw(
    request: SelectionRequest,
    selector: Selector,
    dataset: Dataset,
    selection: Selection,
    values: NDArray[Any] | None,
) -> None:
    kind = request.scorer or selector.scorer
    draw_selection(
        request.out.with_suffix(".png"),
        f"{selector.name}: {selection.size:,} of {len(dataset):,} examples of {dataset.name}",
        selection.indices,
        scores=values if values is not None and values.ndim == 1 else None,
        labels=dataset.labels,
        class_names=dataset.class_names,
        bin_width=float(selector.parameters().get("bin_width", 0.5)),
        score_name=UNITS.get(kind, kind or "score"),
    )
