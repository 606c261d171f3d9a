"""A selection: from a configuration to a run folder with indices, scores and a figure."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.cache import cache_folder
from naslib_proxydata.config import SelectConfig
from naslib_proxydata.data.part import PartDataset, readable_part
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import Progress, threads_used
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import opened_folder, resolved
from naslib_proxydata.selection.base import Selection, Selector
from naslib_proxydata.selection.files import SELECTION, save_selection
from naslib_proxydata.selection.plots import selection_figure
from naslib_proxydata.selection.report import selection_markdown
from naslib_proxydata.selection.run import make_selection, selector_inputs
from naslib_proxydata.selection.score_files import read_scores, write_scores
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.finding import find_scorer
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import score_dataset
from naslib_proxydata.selection.split import check_shares

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.base import Scorer

_log = logging.getLogger(__name__)

SCORES = "scores.npz"
DAMAGED = "damaged.csv"
RESULTS = (SELECTION, str(Path(SELECTION).with_suffix(".json")), SCORES, DAMAGED)
UNITS = {
    "entropy": "entropy (nats)",
    "loss": "loss (nats)",
    "reconstruction": "loss (nats / pixel)",
}
"""What the scores of a scorer are called on an axis, where its name is not enough."""


def run_select(
    config: SelectConfig, *, dataset: Dataset | None = None, progress: Progress | None = None
) -> Selection:
    """Score, choose, split, and write the run folder.

    The folder holds ``selection.npz`` and ``selection.json``, ``scores.npz`` and
    ``plots/selection.png`` where asked for, ``damaged.csv`` where files were left out,
    ``summary.md``, ``config.yaml`` and ``env.json``.

    Args:
        config: What to choose, from what, and how.
        dataset: What is chosen from, where ``config.dataset`` is only its name.
        progress: Told how far the training of a scorer's model is.

    Raises:
        ProxyDataError: Something of the configuration does not fit the dataset or this machine,
            or a file cannot be read or written. All but a diverging model is told before any
            model is trained.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _with_whole_paths(resolved(config))
    with threads_used(config.threads):
        dataset = open_dataset(config.dataset, plugins) if dataset is None else dataset
        # A misspelt name must not wait for every image to be checked.
        plugins.create("selectors", config.selector.name, **config.selector.options)
        read = read_as_asked(dataset, config, progress)
        prepared = _prepare(config, plugins, readable_part(read.dataset), progress)
        folder = opened_folder(config, RESULTS)
        if read.damaged:
            folder.write(DAMAGED, read.damaged_csv())
        values = prepared.values()
        started = time.perf_counter()
        selection = make_selection(
            prepared.dataset,
            prepared.selector,
            prepared.size,
            seed=config.seed,
            values=values,
            shares=config.split,
        )
        seconds = time.perf_counter() - started
        _log.info("chose %d of %d in %.2f s", selection.size, selection.dataset_size, seconds)
        env = environment(config, plugins)
        figures = _draw(folder, config, prepared, selection, values)
        whole = in_whole(selection, prepared.dataset, read.dataset)
        _write(folder, config, env, prepared, whole, read.dataset, values, figures)
    return whole


def in_whole(selection: Selection, part: Dataset, whole: Dataset) -> Selection:
    """Return a selection of a part of a dataset as one of the whole, with the whole's indices."""
    if not isinstance(part, PartDataset):
        return selection
    return replace(
        selection,
        indices=part.indices[selection.indices],
        weight_indices=part.indices[selection.weight_indices],
        architecture_indices=part.indices[selection.architecture_indices],
        dataset_size=len(whole),
        fingerprint=whole.fingerprint,
    )


def resolved_size(config: SelectConfig, count: int) -> int:
    """Return the number of examples that a configuration means for a dataset of ``count``.

    Raises:
        SelectionError: The size is above ``count``, or the fraction leaves no example.
    """
    if config.size is not None:
        if config.size > count:
            raise SelectionError(
                f"size must be from 1 to {count}, the number of examples, got {config.size}"
            )
        return config.size
    fraction = config.fraction or 0.0
    size = int(fraction * count + 1e-9)  # 0.29 * 100 is 28.999...
    if size < 1:
        raise SelectionError(
            f"a fraction of {fraction} of {count} examples must leave an example; take a larger one"
        )
    return size


@dataclass(frozen=True)
class _Prepared:
    """What a selection is made from, checked, before anything is spent.

    Attributes:
        dataset: What is chosen from.
        selector: What chooses.
        size: Number of examples to choose.
        given: Scores or features of the user's file, or None.
        scorer: What computes them where none are given, or None.
        context: Where it computes them.
    """

    dataset: Dataset
    selector: Selector
    size: int
    given: NDArray[Any] | None
    scorer: Scorer | None
    context: ScoringContext

    def values(self) -> NDArray[Any] | None:
        """Return the scores or features, computed if need be."""
        return self.given if self.scorer is None else score_dataset(self.scorer, self.context)

    @property
    def has_scores(self) -> bool:
        """Whether there will be a number, not a vector, for each example."""
        if self.scorer is not None:
            return self.scorer.gives == "scores"
        return self.given is not None and self.given.ndim == 1


def _with_whole_paths(config: SelectConfig) -> SelectConfig:
    """Return the configuration with paths that mean the same from every folder."""
    paths = {"scores": config.scores, "cache": config.cache}
    return config.model_copy(
        update={name: path and path.expanduser().resolve() for name, path in paths.items()}
    )


def _prepare(
    config: SelectConfig, plugins: Plugins, dataset: Dataset, progress: Progress | None
) -> _Prepared:
    """Make and check everything that the choice is made from."""
    selector = plugins.create("selectors", config.selector.name, **config.selector.options)
    check_shares(config.split)
    size = resolved_size(config, len(dataset))
    if "labels" in selector.needs:
        dataset.required_labels(f"selector {selector.name!r}")
    context = ScoringContext(
        dataset,
        config.cache or cache_folder(),
        config.model,
        QUICK if config.quick else PAPER,
        config.seed,
        config.device,
        progress,
        config.batch_size,
    )
    given = _given(config, selector, dataset)
    scorer = None if given is not None else _scorer(config, plugins, selector, context)
    prepared = _Prepared(dataset, selector, size, given, scorer, context)
    _check_outputs(config, prepared)
    return prepared


def _given(config: SelectConfig, selector: Selector, dataset: Dataset) -> NDArray[Any] | None:
    """Return the scores or features of the user's file, which must do for the selector."""
    if config.scores is None:
        return None
    given = read_scores(config.scores, dataset.name).for_dataset(dataset)
    inputs = selector_inputs(dataset, given)
    for need in sorted(selector.needs):
        inputs.required(need, selector.name)
    return given


def _scorer(
    config: SelectConfig, plugins: Plugins, selector: Selector, context: ScoringContext
) -> Scorer | None:
    """Return the scorer that is wanted, which must be able to score the dataset."""
    named = config.scorer
    scorer = (
        find_scorer(selector, plugins)
        if named is None
        else find_scorer(selector, plugins, named.name, named.options)
    )
    if scorer is not None:
        scorer.check(context)
    return scorer


def _check_outputs(config: SelectConfig, prepared: _Prepared) -> None:
    """Refuse a file or a figure that there will be nothing for."""
    if config.save_scores and prepared.given is None and prepared.scorer is None:
        raise SelectionError(
            f"save_scores: selector {prepared.selector.name!r} needs no scores, so there are none "
            "to keep; name a scorer that computes some"
        )
    if config.plot and not prepared.has_scores and prepared.dataset.labels is None:
        raise SelectionError(
            "plot: there are neither scores nor classes to draw; leave it out, or name a scorer "
            "that gives scores"
        )


def _write(
    folder: RunFolder,
    config: SelectConfig,
    env: Mapping[str, Any],
    prepared: _Prepared,
    selection: Selection,
    dataset: Dataset,
    values: NDArray[Any] | None,
    figures: Sequence[str],
) -> None:
    """Write every file of the run folder but the configuration; ``dataset`` is the whole."""
    save_selection(selection, folder.path / SELECTION)
    if config.save_scores and values is not None:
        write_scores(folder.path / SCORES, values, prepared.dataset)
    folder.write_json("env.json", env)
    summary = selection_markdown(selection, dataset, folder.path, figures, provenance(env))
    folder.write("summary.md", summary)


def _draw(
    folder: RunFolder,
    config: SelectConfig,
    prepared: _Prepared,
    selection: Selection,
    values: NDArray[Any] | None,
) -> Sequence[str]:
    """Draw the selection where asked for, and return the names of the figures."""
    if not config.plot:
        return ()
    named = config.scorer.name if config.scorer else prepared.selector.scorer
    return [folder.draw("selection", _figure(selection, prepared.dataset, values, named))]


def _figure(
    selection: Selection, dataset: Dataset, values: NDArray[Any] | None, scorer: str
) -> Figure:
    """Return the figure of a selection whose scores come from the scorer of this name."""
    return selection_figure(
        f"{selection.method}: {selection.size:,} of {len(dataset):,} examples of {dataset.name}",
        selection.indices,
        scores=values if values is not None and values.ndim == 1 else None,
        labels=dataset.labels,
        class_names=dataset.class_names,
        bin_width=float(selection.parameters.get("bin_width", 0.5)),
        score_name=UNITS.get(scorer, scorer or "score"),
    )
