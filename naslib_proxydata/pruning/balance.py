"""The automatic class balance constraint of BDP (arXiv 2312.14200, eq. 5 and 6).

The paper's n is taken to be the number of classes and its balance degree b the normalised
entropy of the class sizes, the usual measure that is 1 for equal classes and 0 for one class.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def balance_degree(sizes: NDArray[np.int64]) -> float:
    """Return b = -sum_c f_c log f_c / log n, with f_c the share of class c of n classes.

    Args:
        sizes: Number of examples of each class, shape (n,); empty classes count among n.

    Returns:
        Between 0 (all in one class) and 1 (all classes equal); 1 where n is below 2.
    """
    if len(sizes) < 2 or sizes.sum() == 0:
        return 1.0
    if (sizes == sizes[0]).all():
        return 1.0  # exactly: rounding must not make the limit bind
    shares = sizes[sizes > 0] / sizes.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(len(sizes)))


def class_limits(sizes: NDArray[np.int64], *, balanced: bool = True) -> NDArray[np.int64]:
    """Return how many examples each class may lose: floor(|c| / N), N = n (1 - b^2) + 1.

    Whatever N is, a class keeps at least one example.

    Args:
        sizes: Number of remaining examples of each class, shape (n,).
        balanced: Apply the constraint; otherwise only the last example is protected.
    """
    divisor = len(sizes) * (1 - balance_degree(sizes) ** 2) + 1 if balanced else 1.0
    limits = np.minimum(np.floor(sizes / divisor), sizes - 1)
    result: NDArray[np.int64] = np.maximum(limits, 0).astype(np.int64)
    return result
