"""From a dataset and a selector to a selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selection, Selector, SelectorInputs
from naslib_proxydata.selection.split import split_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset


def make_selection(
    dataset: Dataset,
    selector: Selector,
    size: int,
    *,
    seed: int,
    values: NDArray[Any] | None = None,
    shares: tuple[float, float] = (0.5, 0.5),
) -> Selection:
    """Choose examples of a dataset and split them between the levels of a search.

    Args:
        dataset: What is chosen from.
        selector: What chooses.
        size: Number of examples.
        seed: Seed of the choice and of the split, which do not disturb each other.
        values: Scores, shape (n,), or features, shape (n, dimensions), where the selector needs
            them.
        shares: Shares of the weights and of the architecture, see ``split.split_indices``.

    Raises:
        SelectionError: See :meth:`Selector.select` and ``split.split_indices``.
    """
    inputs = selector_inputs(dataset, values)
    indices = selector.select(inputs, size, numpy_generator(seed, "select", selector.name))
    weights, architecture = split_indices(indices, numpy_generator(seed, "split"), shares)
    return Selection(
        indices,
        weights,
        architecture,
        len(dataset),
        selector.name,
        selector.parameters(),
        seed,
        dataset.name,
        dataset.fingerprint,
    )


def selector_inputs(dataset: Dataset, values: NDArray[Any] | None) -> SelectorInputs:
    """Return what a selector may look at; ``values`` of shape (n,) are scores, others features."""
    is_scores = values is not None and values.ndim == 1
    return SelectorInputs(
        len(dataset),
        dataset.labels,
        values if is_scores else None,
        None if is_scores else values,
    )
