"""One-shot search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.datasets import named_dataset
from naslib_proxydata.api.running import run
from naslib_proxydata.assemble.search import run_search
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    from naslib_proxydata.assemble.search import FinishedSearch
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.base import Selection


def search(
    space: str = "nb201",
    strategy: str | Mapping[str, Mapping[str, Any]] = "darts",
    dataset: Any = "digits",
    *,
    bdp: bool | str | float | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    selection: str | Path | Selection | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
    listeners: Sequence[object] = (),
    **settings: Any,
) -> FinishedSearch:
    """Train a supernet, on all data or on less, and derive an architecture from it.

    Args:
        space: Name of a search space that has a supernet.
        strategy: A name, several joined by ``+``, or options by name:
            ``{"beta-darts": {"slope": 0.5}}``.
        dataset: A source, such as ``"digits"`` or ``"cifar10:PATH"``, or a map-style dataset of
            (image, label) pairs, such as torchvision's.
        bdp: Bi-level data pruning: True for the schedule to 4 %, the name of a schedule, or the
            fraction of the examples to be left; short for ``pruner={"name": "bdp", ...}``.
        pruner: What drops or weighs examples: a name, or a name with options.
        selection: Train on these examples: what :func:`~naslib_proxydata.select` returned, its run
            folder or its file.
        epochs: Number of epochs; the strategy's own where None.
        seed: Seed of all that is random.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        out: A run folder to keep, in which the same call goes on where it stopped; None keeps
            nothing but what is returned.
        listeners: Objects whose lifecycle hooks are called.
        settings: Any other key of the configuration, such as ``channels`` or ``training``;
            ``naslib-proxydata config schema search`` lists all.

    Returns:
        The cell, a record for each epoch, and what benchmark tables hold of the cell.

    Raises:
        ConfigError: A key, a name or a value is wrong.
        DatasetError: The dataset is absent, damaged or has no labels.
        SelectionError: The selection belongs to another dataset.
        SearchError: The loss is not finite, or a level has no examples.
    """
    name, opened = named_dataset(dataset)
    file, made = (selection, None) if isinstance(selection, str | Path) else (None, selection)
    given: dict[str, Any] = {
        **settings,
        "space": space,
        "strategy": strategy,
        "dataset": name,
        "selection": file,
        "pruner": _pruner(bdp, pruner),
        "seed": seed,
        "device": device,
        "training.epochs": epochs,  # after ``training``, which it is put into
    }
    call = partial(_run, listeners, opened, made)
    finished = run(call, SearchConfig, given, out)
    return finished if out is not None else replace(finished, folder=None)


def _run(
    listeners: Sequence[object],
    dataset: Dataset | None,
    selection: Selection | None,
    config: SearchConfig,
) -> FinishedSearch:
    return run_search(config, *listeners, dataset=dataset, selection=selection)


def _pruner(
    bdp: bool | str | float | None, pruner: str | Mapping[str, Any] | None
) -> str | Mapping[str, Any] | None:
    if bdp is None or bdp is False:
        return pruner
    if pruner is not None:
        raise ConfigError(f"bdp is a pruner, and so is pruner={pruner!r}; give one of them")
    return {"name": "bdp"} if bdp is True else {"name": "bdp", "schedule": bdp}
