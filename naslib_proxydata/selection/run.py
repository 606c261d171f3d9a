"""From a dataset and a selector to a selection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.part import PartDataset
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selection, Selector, SelectorInputs
from naslib_proxydata.selection.origin import ScoreOrigin, array_sha256
from naslib_proxydata.selection.split import split_by_class, split_indices
from naslib_proxydata.version import installed_version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset

_log = logging.getLogger(__name__)


def make_selection(
    dataset: Dataset,
    selector: Selector,
    size: int | None,
    *,
    seed: int,
    values: NDArray[Any] | None = None,
    origin: ScoreOrigin | None = None,
    shares: tuple[float, float] = (0.5, 0.5),
    keep_architecture: bool = False,
) -> Selection:
    """Choose examples of a dataset and split them between the levels of a search.

    Args:
        dataset: What is chosen from.
        selector: What chooses.
        size: Number of examples; the selector's own where None.
        seed: Seed of the choice and of the split, which do not disturb each other.
        values: Scores, shape (n,), or features, shape (n, dimensions), where the selector needs
            them.
        origin: How the values were made, which is kept in the selection where the selector goes
            by them.
        shares: Shares of the weights and of the architecture, see ``split.split_indices``.
        keep_architecture: Split the whole dataset first, choose among the weights' part alone
            and keep all of the architecture's: only the weight set shrinks (Moser et al., CVPR
            workshops 2022). The size is then that of the weight set.

    Raises:
        SelectionError: See :meth:`Selector.select` and ``split.split_indices``.
    """
    if not selector.needs & {"scores", "features"}:
        origin = None  # whatever they are, it was not chosen by them
    elif values is not None and origin is None:
        origin = ScoreOrigin(values_sha256=array_sha256(values))
    _warn_of_model(origin, dataset.num_classes)
    pool, kept = dataset, np.empty(0, np.int64)
    if keep_architecture:
        part, kept = kept_halves(dataset, seed, shares)
        pool, values = part, None if values is None else values[part.indices]
    inputs = selector_inputs(pool, values, origin)
    selector = selector.fitted(inputs)
    if size is None:
        size = selector.own_size(inputs, numpy_generator(seed, "select", selector.name))
    indices = selector.select(inputs, size, numpy_generator(seed, "select", selector.name))
    generator = numpy_generator(seed, "split")
    if isinstance(pool, PartDataset) and keep_architecture:
        weights, architecture = pool.indices[indices], kept
        indices = np.union1d(weights, architecture)
    elif selector.splits_by_class:
        labels = inputs.required("labels", selector.name)
        weights, architecture = split_by_class(indices, labels, generator, shares)
    else:
        weights, architecture = split_indices(indices, generator, shares)
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
        shares,
        installed_version(),
        origin,
        "" if dataset.labels is None else array_sha256(dataset.labels),
    )


def _warn_of_model(origin: ScoreOrigin | None, classes: int) -> None:
    """Say where scores come from a model that hardly learned."""
    if origin is not None and origin.hardly_learned(classes):
        _log.warning(
            "%s: the model hardly learned, training accuracy %.1f %% of %d classes, so its scores "
            "tell little of the examples; train longer, or name another model",
            origin.label,
            origin.training_accuracy,
            classes,
        )


def kept_halves(
    dataset: Dataset, seed: int, shares: tuple[float, float]
) -> tuple[PartDataset, NDArray[np.int64]]:
    """Return the part that weights are chosen from, and the indices that the architecture keeps.

    Raises:
        SelectionError: See ``split.split_indices``.
    """
    every = np.arange(len(dataset))
    weights, architecture = split_indices(every, numpy_generator(seed, "split"), shares)
    return PartDataset(dataset, weights), architecture


def selector_inputs(
    dataset: Dataset, values: NDArray[Any] | None, origin: ScoreOrigin | None = None
) -> SelectorInputs:
    """Return what a selector may look at; ``values`` of shape (n,) are scores, others features."""
    is_scores = values is not None and values.ndim == 1
    return SelectorInputs(
        len(dataset),
        dataset.labels,
        values if is_scores else None,
        None if is_scores else values,
        dataset.name,
        None if origin is None else origin.hardest,
    )
