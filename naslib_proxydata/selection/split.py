"""The split of chosen examples between the two levels of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.quotas import proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


ROUNDING = 1e-9
"""How far a sum of shares may be from 1 and still count as 1."""


def split_indices(
    indices: NDArray[np.int64],
    generator: np.random.Generator,
    shares: tuple[float, float] = (0.5, 0.5),
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shuffle the indices and give the first share to weights, the next to the architecture.

    Halves as in arXiv 2106.04784; shares (0.4, 0.4) are the split of arXiv 2006.13314, which
    keeps the remaining 20 % for testing. Sizes are rounded down, but for shares that sum to 1,
    where the architecture takes the rest.

    Returns:
        Weight indices and architecture indices, each ascending.

    Raises:
        SelectionError: A share is not positive or their sum is above 1.
    """
    check_shares(shares)
    shuffled = generator.permutation(indices)
    weights = int(shares[0] * len(indices))
    whole = sum(shares) > 1 - ROUNDING
    end = len(indices) if whole else weights + int(shares[1] * len(indices))
    return np.sort(shuffled[:weights]), np.sort(shuffled[weights:end])


def split_by_class(
    indices: NDArray[np.int64],
    labels: NDArray[np.int64],
    generator: np.random.Generator,
    shares: tuple[float, float] = (0.5, 0.5),
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split like :func:`split_indices`, with every class of two or more examples in both parts.

    Each such class first gives one example to the weights and one to the architecture; the rest
    of each part is shared among classes in proportion to what they have left.

    Args:
        indices: Chosen dataset indices, shape (size,).
        labels: Classes of the whole dataset, shape (count,).
        generator: Where the order within a class comes from.
        shares: Shares of the weights and of the architecture.

    Returns:
        Weight indices and architecture indices, each ascending.

    Raises:
        SelectionError: See :func:`split_indices`, or a part is smaller than the number of classes.
    """
    weights, architecture = (
        len(part) for part in split_indices(indices, np.random.default_rng(0), shares)
    )
    _, places, sizes = np.unique(labels[indices], return_inverse=True, return_counts=True)
    both = (sizes > 1).astype(np.int64)
    for what, part in (("weights", weights), ("architecture", architecture)):
        if part < both.sum():
            raise SelectionError(
                f"the {what} get {part} of the {len(indices)} examples, too few for one of each "
                f"of the {both.sum()} classes; choose more examples or fewer classes, or give the "
                f"{what} a larger share"
            )
    first = both + proportional_quotas(sizes - 2 * both, weights - int(both.sum()))
    left = sizes - first
    second = both + proportional_quotas(left - both, architecture - int(both.sum()))
    shuffled = generator.permutation(len(indices))
    ordered = shuffled[np.argsort(places[shuffled], kind="stable")]
    ranks = np.arange(len(ordered)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    starts = np.repeat(first, sizes)
    ends = np.repeat(first + second, sizes)
    chosen = indices[ordered]
    return np.sort(chosen[ranks < starts]), np.sort(chosen[(ranks >= starts) & (ranks < ends)])


def check_shares(shares: tuple[float, float]) -> None:
    """Refuse shares that no selection can be split by.

    Raises:
        SelectionError: A share is not positive or their sum is above 1.
    """
    if not (min(shares) > 0 and sum(shares) <= 1 + ROUNDING):  # nor what is not a number
        raise SelectionError(f"shares must be positive and sum to at most 1, got {shares}")
