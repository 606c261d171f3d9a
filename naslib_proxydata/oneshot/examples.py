"""Which examples each level of a search uses: at the start, and after each epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import PluginError, PruningError, RunFolderError, SearchError
from naslib_proxydata.hookspecs import LEVELS, Level, WeightedExamples
from naslib_proxydata.oneshot.answers import as_kept, as_selection, as_weighted
from naslib_proxydata.runs.checkpoint import ADVICE, NAME, load_checkpoint
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.split import split_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.data.loader import Batch, BatchLoader
    from naslib_proxydata.plugins import Acting
    from naslib_proxydata.selection.base import Selection

Active = dict[Level, "NDArray[np.int64]"]
Predict = Callable[["NDArray[np.int64]"], Any]
FEWEST_EXAMPLES = 2
"""Batch normalisation cannot train on a single example."""


def starting_examples(
    dataset: Dataset, selection: Selection | None, acting: Acting, seed: int
) -> Active:
    """Return the examples of each level: the selection's, a plugin's, or two random halves.

    Those that cannot be read are left out.

    Raises:
        PluginError: A plugin chose what is no selection.
        SelectionError: The selection belongs to another dataset.
        SearchError: A level has fewer than two examples.
    """
    if selection is None:
        selection = chosen_examples(acting, len(dataset), dataset.labels, seed)
    if selection is None:
        halves = split_indices(dataset.readable, numpy_generator(seed, "split"))
    else:
        selection.check_fits(dataset)
        halves = selection.weight_indices, selection.architecture_indices
    active = {
        level: np.sort(half[np.isin(half, dataset.readable)])  # others would be black images
        for level, half in zip(LEVELS, halves, strict=True)
    }
    for level, half in active.items():
        if len(half) < FEWEST_EXAMPLES:
            raise SearchError(
                f"a search needs at least 2 {level} examples, the selection has {len(half)}"
            )
    return active


def examples_sha256(active: Active) -> dict[Level, str]:
    """Return a hash of the examples of each level, by which a search knows its own again."""
    return {
        level: hashlib.sha256(half.astype("<i8").tobytes()).hexdigest()
        for level, half in active.items()
    }


def chosen_examples(
    acting: Acting, count: int, labels: NDArray[np.int64] | None, seed: int
) -> Selection | None:
    """Return what the first plugin that answers chose; None where none does.

    Args:
        acting: Who is asked.
        count: Number of examples of the dataset.
        labels: Its integer class labels, shape (count,), or None.
        seed: Seed of the run.

    Raises:
        PluginError: A plugin chose what is no selection.
    """
    hook = "choose_examples"
    for name, answer in acting.answers(hook, size=count, targets=labels, seed=seed):
        return as_selection(answer, count, seed, name, acting.who(name, hook))
    return None


def kept_at_start(acting: Acting, active: Active) -> Active:
    """Return what is left for the first epoch: what every plugin keeps.

    Raises:
        PluginError: A plugin answered with something that is no indices.
        PruningError: A plugin kept what was not in use, or too few are left.
    """
    return _kept(acting, "prune_at_start", active, "before the first epoch")


def kept_examples(acting: Acting, epoch: int, active: Active) -> Active:
    """Return what is left after an epoch: what every plugin keeps.

    Raises:
        PluginError: A plugin answered with something that is no indices.
        PruningError: A plugin kept what was not in use, or too few are left.
    """
    return _kept(acting, "prune_examples", active, f"after epoch {epoch}", epoch=epoch)


def _kept(acting: Acting, hook: str, active: Active, when: str, **asked: int) -> Active:
    left: Active = {}
    for level, before in active.items():
        left[level] = before
        for name, answer in acting.answers(hook, level=level, active=before.copy(), **asked):
            kept = as_kept(answer, before, acting.who(name, hook))
            left[level] = np.intersect1d(left[level], kept)
        if len(left[level]) < FEWEST_EXAMPLES:
            raise PruningError(
                f"{len(left[level])} {level} examples are left {when}, at least "
                f"{FEWEST_EXAMPLES} are needed; let the pruner drop less"
            )
    return left


def weighted_examples(
    acting: Acting, epoch: int, pool: Active, active: Active, predict: Predict
) -> dict[Level, WeightedExamples]:
    """Return the examples of an epoch that is about to begin, for levels that a plugin weighs.

    Raises:
        PluginError: An answer is no weighted examples, or two plugins answer for one level.
        PruningError: An example is not in the pool, or too few are left.
    """
    found: dict[Level, WeightedExamples] = {}
    hook = "weigh_examples"
    asked = {"epoch": epoch, "pool": copied(pool), "active": copied(active), "predict": predict}
    for name, answer in acting.answers(hook, **asked):
        who = acting.who(name, hook)
        for level, examples in as_weighted(answer, pool, who).items():
            if level in found:
                raise PluginError(f"{who} and another weigh the {level} examples; name one")
            if len(examples.indices) < FEWEST_EXAMPLES:
                raise PruningError(
                    f"{who} left {len(examples.indices)} {level} examples for epoch {epoch}, at "
                    f"least {FEWEST_EXAMPLES} are needed"
                )
            found[level] = examples
    return found


def copied(examples: Active) -> Active:
    """Return a copy, which a plugin may write to without changing the search."""
    return {level: indices.copy() for level, indices in examples.items()}


def counted_by_class(dataset: Dataset, active: Active) -> dict[Level, list[int]]:
    """Return the number of examples of each class by level; nothing without labels."""
    labels = dataset.labels
    if labels is None:
        return {}
    return {
        level: np.bincount(labels[indices], minlength=dataset.num_classes).tolist()
        for level, indices in active.items()
    }


def paired(
    weights: BatchLoader, architecture: BatchLoader, epoch_of: Literal["longer", "weights"]
) -> Iterator[tuple[Batch, Batch]]:
    """Yield the pairs of batches of an epoch.

    Args:
        weights: Batches of the weight examples.
        architecture: Batches of the architecture examples.
        epoch_of: ``longer``: each level is seen whole, the shorter as often as it takes.
            ``weights``: these are seen once, and as many batches of the other level.
    """
    length = len(weights) if epoch_of == "weights" else max(len(weights), len(architecture))
    pairs = zip(endless(weights), endless(architecture), strict=True)
    yield from islice(pairs, length)


def endless(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches, beginning anew whenever they end."""
    while True:
        yield from batches


def started_from(folder: Path) -> Mapping[str, str] | None:
    """Return the hash of the examples chosen for each level; None without a checkpoint.

    Raises:
        RunFolderError: See :func:`load_checkpoint`, or a checkpoint does not say.
    """
    state = load_checkpoint(folder)
    if state is None:
        return None
    with boundary(folder / NAME, RunFolderError, ADVICE):
        # Earlier versions, which dropped none before the first epoch, say only what it began with.
        return dict(state.get("chosen") or state["identity"]["selection"])
