"""A number as a stranger's JSON or pickle holds it: a number, not what can be turned into one."""

from __future__ import annotations

import reprlib  # a pickle's value may hold itself many times over
from numbers import Real
from typing import Any


def stored_number(value: Any, what: str) -> float:
    """Return a number; nan and infinity are some.

    Args:
        value: What the file holds.
        what: What errors call it.

    Raises:
        ValueError: It is text, a list, or true or false.
        OverflowError: It is an integer larger than any float.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ValueError(
            f"{what}: expected a number, got the {type(value).__name__} {reprlib.repr(value)}"
        )
    return float(value)
