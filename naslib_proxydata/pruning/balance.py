"""The automatic class balance constraint of BDP (arXiv 2312.14200, section 3.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def balance_degree(sizes: NDArray[np.int64]) -> float:
    """Return b = (1/P) sum_{i<j} min(|c_i|, |c_j|) / max(|c_i|, |c_j|), P = M (M - 1) / 2.

    Equation 5 of arXiv 2312.14200.

    Args:
        sizes: Number of examples of each of M classes, shape (M,).

    Returns:
        Between 0 (pairs of classes have nothing in common in size) and 1 (all classes equal); 1
        where M is below 2.
    """
    classes = len(sizes)
    if classes < 2:
        return 1.0
    ascending = np.sort(sizes).astype(np.float64)
    # In ascending order the smaller of a pair comes first: class j is divided into the sum of all
    # before it. Two empty classes are equal.
    before = np.cumsum(ascending) - ascending
    shares = np.where(ascending > 0, before / np.maximum(ascending, 1), np.arange(classes))
    return float(shares.sum() / (classes * (classes - 1) / 2))


def class_limits(sizes: NDArray[np.int64], prunings: int | None) -> NDArray[np.int64]:
    """Return how many examples each class may lose: floor(L_c), L_c = |c| / N.

    N = n (1 - b^2) + 1 with n the number of prunings of the whole search (equation 6 of
    arXiv 2312.14200). Whatever N is, a class keeps at least one example.

    Args:
        sizes: Number of remaining examples of each class, shape (M,).
        prunings: n; None lifts the constraint, so that only the last example is protected.
    """
    divisor = 1.0 if prunings is None else prunings * (1 - balance_degree(sizes) ** 2) + 1
    # A hair more than the quotient: 20 / (25 (1 - b^2) + 1) may be 1.9999999999999998.
    limits = np.minimum(np.floor(sizes / divisor + 1e-9), sizes - 1)
    result: NDArray[np.int64] = np.maximum(limits, 0).astype(np.int64)
    return result
