"""Which examples each level of a search uses: at the start, and after each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import PruningError, SearchError
from naslib_proxydata.hookspecs import Level
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.split import split_indices

if TYPE_CHECKING:
    import pluggy
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.data.loader import Batch, BatchLoader
    from naslib_proxydata.selection.base import Selection

LEVELS: tuple[Level, Level] = ("weights", "architecture")
Active = dict[Level, "NDArray[np.int64]"]


def starting_examples(
    dataset: Dataset, selection: Selection | None, plugins: pluggy.PluginManager, seed: int
) -> Active:
    """Return the examples of each level: the selection's, a plugin's, or two random halves.

    Raises:
        SelectionError: The selection belongs to another dataset.
        SearchError: A level has fewer than two examples.
    """
    if selection is None:
        selection = plugins.hook.choose_examples(
            size=len(dataset), targets=dataset.labels, seed=seed
        )
    if selection is None:
        halves = split_indices(np.arange(len(dataset)), numpy_generator(seed, "split"))
    else:
        selection.check_fits(dataset)
        halves = selection.weight_indices, selection.architecture_indices
    for level, half in zip(LEVELS, halves, strict=True):
        if len(half) < 2:
            raise SearchError(
                f"a search needs at least 2 {level} examples, the selection has {len(half)}"
            )
    return {level: np.sort(half) for level, half in zip(LEVELS, halves, strict=True)}


def prune(plugins: pluggy.PluginManager, epoch: int, active: Active) -> Active:
    """Return what is left after an epoch: what every plugin keeps.

    Raises:
        PruningError: A plugin kept what was not in use, or nothing is left.
    """
    left: Active = {}
    for level, before in active.items():
        left[level] = before
        for kept in plugins.hook.prune_examples(level=level, epoch=epoch, active=before):
            if not np.isin(kept, before).all():
                raise PruningError(
                    f"a plugin kept {level} examples that were not in use; prune_examples must "
                    "return a subset of active"
                )
            left[level] = np.intersect1d(left[level], kept)
        if len(left[level]) == 0:
            raise PruningError(f"plugins dropped every {level} example in epoch {epoch}")
    return left


def counted_by_class(dataset: Dataset, active: Active) -> dict[Level, list[int]]:
    """Return the number of examples of each class by level; nothing without labels."""
    labels = dataset.labels
    if labels is None:
        return {}
    return {
        level: np.bincount(labels[indices], minlength=dataset.num_classes).tolist()
        for level, indices in active.items()
    }


def paired(weights: BatchLoader, architecture: BatchLoader) -> Iterator[tuple[Batch, Batch]]:
    """Yield pairs of batches: the longer level once, the shorter as often as it takes."""
    length = max(len(weights), len(architecture))
    yield from zip(_cycled(weights, length), _cycled(architecture, length), strict=True)


def _cycled(loader: BatchLoader, length: int) -> Iterator[Batch]:
    """Yield ``length`` batches, beginning the loader anew whenever it ends."""
    count = 0
    while count < length:
        for batch in loader:
            yield batch
            count += 1
            if count == length:
                return
