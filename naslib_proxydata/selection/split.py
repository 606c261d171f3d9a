"""The split of chosen examples between the two levels of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import SelectionError

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


def check_shares(shares: tuple[float, float]) -> None:
    """Refuse shares that no selection can be split by.

    Raises:
        SelectionError: A share is not positive or their sum is above 1.
    """
    if min(shares) <= 0 or sum(shares) > 1 + ROUNDING:
        raise SelectionError(f"shares must be positive and sum to at most 1, got {shares}")
