"""What lifecycle hooks answer, checked where it enters and told with plugin and hook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PluginError, PruningError, SelectionError
from naslib_proxydata.hookspecs import Level, WeightedExamples
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.split import split_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]


def as_selection(answer: Any, count: int, seed: int, name: str, who: str) -> Selection:
    """Return an answer to ``choose_examples`` as a selection.

    Args:
        answer: A selection, or dataset indices, which are split into two random halves.
        count: Number of examples of the dataset.
        seed: Seed of the split.
        name: What the selection's method is called.
        who: Plugin and hook, for messages.

    Raises:
        PluginError: It is neither.
    """
    if isinstance(answer, Selection):
        return answer
    indices = whole_numbers(answer, f"{who}: expected a Selection or dataset indices")
    try:
        halves = split_indices(indices, numpy_generator(seed, "split"))
        return Selection(np.sort(indices), *halves, count, name, seed=seed)
    except SelectionError as error:
        raise PluginError(f"{who}: {error}") from error


def as_kept(answer: Any, active: Indices, who: str) -> Indices:
    """Return an answer to ``prune_examples`` as the indices that stay.

    Args:
        answer: A subset of ``active``, or a boolean mask of its shape.
        active: The examples in use, ascending, shape (n,).
        who: Plugin and hook, for messages.

    Raises:
        PluginError: It is of another type or shape.
        PruningError: An example was not in use.
    """
    array = np.asarray(answer)
    if array.dtype == np.bool_:
        if array.shape != active.shape:
            raise PluginError(
                f"{who}: a boolean mask of shape {array.shape} does not fit active of shape "
                f"{active.shape}"
            )
        masked: Indices = active[array]
        return masked
    kept = whole_numbers(answer, f"{who}: expected indices to keep, or a boolean mask of active")
    if not np.isin(kept, active).all():
        raise PruningError(
            f"{who} kept examples that were not in use; it must return a subset of active"
        )
    return kept


def as_weighted(
    answer: Any, pool: Mapping[Level, Indices], who: str
) -> dict[Level, WeightedExamples]:
    """Return an answer to ``weigh_examples``, checked.

    Args:
        answer: Weighted examples by level.
        pool: The examples that may be used, by level.
        who: Plugin and hook, for messages.

    Raises:
        PluginError: It is of another type, or indices and weights do not fit.
        PruningError: An example is not in the pool.
    """
    if not isinstance(answer, Mapping) or not set(answer) <= set(pool):
        raise PluginError(
            f"{who}: expected a mapping from {' or '.join(pool)} to WeightedExamples, got "
            f"{answer!r:.80}"
        )
    return {
        level: _weighted(given, pool[level], f"{who}, {level}") for level, given in answer.items()
    }


def _weighted(given: Any, pool: Indices, who: str) -> WeightedExamples:
    if not isinstance(given, WeightedExamples):
        raise PluginError(f"{who}: expected WeightedExamples, got {type(given).__name__}")
    indices = whole_numbers(given.indices, f"{who}: expected dataset indices")
    weights = np.asarray(given.weights)
    if weights.shape != indices.shape or weights.dtype.kind not in "fiu":
        raise PluginError(
            f"{who}: expected one weight for each of {len(indices)} examples, got {weights.dtype} "
            f"of shape {weights.shape}"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise PluginError(f"{who}: weights must be finite and not negative")
    if len(np.unique(indices)) != len(indices) or not np.isin(indices, pool).all():
        raise PruningError(f"{who} must return examples of the pool, each once")
    order = np.argsort(indices, kind="stable")
    return WeightedExamples(indices[order], weights[order].astype(np.float64))


def whole_numbers(answer: Any, what: str) -> Indices:
    """Return whole numbers in one row as int64.

    Args:
        answer: What a plugin gave.
        what: How a message begins: who gave it, and what was expected.

    Raises:
        PluginError: It is something else, such as a boolean mask, text or floats.
    """
    array = np.asarray(answer)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise PluginError(
            f"{what}, whole numbers in one row; got {type(answer).__name__} of {array.dtype} with "
            f"shape {array.shape}"
        )
    return array.astype(np.int64)
