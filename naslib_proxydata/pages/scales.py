"""Axes of figures: from numbers to places, and where the ticks are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Scale(NamedTuple):
    """A linear axis.

    Attributes:
        low: Number at the start.
        high: Number at the end.
        start: Place of the start.
        end: Place of the end.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        """Return the place of a number."""
        share = (number - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)


def linear_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers of one step, 1, 2 or 5 times a power of ten, within two ends."""
    width = (high - low) or 1.0
    rough = width / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def whole_powers(low: float, high: float) -> list[int]:
    """Return the exponents of the powers of ten within two ends, themselves logarithms."""
    return list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))


def padded(numbers: Iterable[float], share: float = 0.08) -> tuple[float, float]:
    """Return the ends of an axis with some room around all numbers; 0 and 1 without any."""
    held: Sequence[float] = [one for one in numbers if math.isfinite(one)]
    if not held:
        return 0.0, 1.0
    room = share * ((max(held) - min(held)) or 1.0)
    return min(held) - room, max(held) + room
