"""What a predictor's own code returned, read as one real number."""

from __future__ import annotations

import reprlib
from numbers import Real
from typing import Any


def real_number(value: Any) -> float:
    """Return what is one real number as a float: Python's, or a 0-d scalar of numpy or torch.

    True and False are none: they come from a comparison whose number was meant.

    Raises:
        ValueError: It is something else, or larger than any float; the message says what.
    """
    number = value.item() if getattr(value, "ndim", None) == 0 else value
    if isinstance(number, bool) or not isinstance(number, Real):
        raise ValueError(f"{described(value)}, expected one real number")
    try:
        return float(number)
    except OverflowError:
        raise ValueError(
            f"{type(number).__name__} beyond the largest float, expected one real number"
        ) from None


def described(value: Any) -> str:
    """Return a short description of a value: its type, with its shape or with the value itself."""
    if value is None:
        return "None"
    name = type(value).__name__
    if getattr(value, "shape", ()):
        return f"{name} of shape {tuple(value.shape)}"
    if isinstance(value, str | bytes | bool | complex):
        return f"{name} {reprlib.repr(value)}"
    return name
