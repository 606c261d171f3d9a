"""Adding floats to the same number on every Python."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce


def ordered_sum(values: Iterable[float]) -> float:
    """Add numbers from left to right, rounding after each step; 0.0 for none.

    The built-in ``sum`` does just this up to Python 3.11, and carries the rounding errors along
    since 3.12 (Neumaier's compensated sum), which changes the last digits. A score must not
    depend on the Python that computed it, so sums of floats use this function.
    """
    return reduce(operator.add, values, 0.0)
