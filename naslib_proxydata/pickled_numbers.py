"""What stands for numpy in a stranger's pickle: numbers and arrays rebuilt from checked parts.

numpy's own types set their state from a pickle without checking it, so that a hostile one makes
them read memory at any address. Nothing here hands them a state.
"""

from __future__ import annotations

import math
import reprlib  # a hostile value may be of any length
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_CODES: Final = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})
_ORDERS: Final = frozenset("<>|=")
_OF_NUMBERS: Final = (None, None, None, -1, -1, 0)
"""The state of a number's type after version and byte order: no parts, no own size, no flags."""


class PickledNumbersError(Exception):
    """A pickle describes a number or an array that this is not, or that does not fit its bytes."""


class PickledType:
    """Stands for ``numpy.dtype``: the kind, size and byte order of a number, nothing else.

    Args:
        code: Such as ``"f8"``.
    """

    __slots__ = ("_code", "_order")

    def __init__(self, code: object, *_flags: object) -> None:
        self._code = _text(code)
        self._order = "="
        if self._code not in _CODES:
            raise PickledNumbersError(
                f"a numpy value of type {reprlib.repr(self._code)}, not a number"
            )

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take the byte order, and refuse whatever a number does not have."""
        if not isinstance(state, tuple) or len(state) != 8 or state[2:] != _OF_NUMBERS:
            raise PickledNumbersError(
                f"a numpy type that is no number's: its state is {reprlib.repr(state)}"
            )
        order = _text(state[1])
        if order not in _ORDERS:
            raise PickledNumbersError(f"a numpy type of byte order {reprlib.repr(order)}")
        self._order = order

    def read(self, content: object) -> NDArray[Any]:
        """Return the numbers that bytes spell, in this machine's byte order, shape (n,)."""
        own = np.dtype(self._order + self._code)
        data = _bytes(content)
        if len(data) % own.itemsize:
            raise PickledNumbersError(f"{len(data)} bytes of numbers of {own.itemsize}")
        return np.frombuffer(data, own).astype(own.newbyteorder("="), copy=False)


class PickledArray:
    """Stands for ``numpy.ndarray``; ``numpy.asarray`` gives the array."""

    __slots__ = ("_array",)

    def __init__(self) -> None:
        self._array: NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Rebuild the array from version, shape, type, whether by columns, and bytes."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise PickledNumbersError("a numpy array without shape, type and bytes")
        _, shape, number_type, by_columns, content = state
        self._array = _array(content, number_type, shape, "F" if by_columns is True else "C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the array, as numpy asks for it."""
        return np.array(self._array, dtype=dtype, copy=bool(copy) or dtype is not None)


def array_type(*_arguments: object) -> None:
    """Stand for ``numpy.ndarray`` itself, which a pickle names and never calls."""
    raise PickledNumbersError("a numpy array made by a call")


def reconstruct(*_arguments: object) -> PickledArray:
    """Stand for numpy's ``_reconstruct``, which makes an array that its state fills."""
    return PickledArray()


def from_buffer(content: object, number_type: object, shape: object, order: object) -> PickledArray:
    """Stand for numpy's ``_frombuffer``, by which protocol 5 spells an array."""
    array = PickledArray()
    array.__setstate__((1, shape, number_type, _text(order) == "F", content))
    return array


def number(number_type: object, content: object) -> int | float | bool:
    """Stand for numpy's ``scalar``: return the number that the bytes spell."""
    value: int | float | bool = _array(content, number_type, (1,), "C")[0].item()
    return value


def _array(content: object, number_type: object, shape: object, order: str) -> NDArray[Any]:
    """Return the array of one or two dimensions that bytes spell."""
    if not isinstance(number_type, PickledType):
        raise PickledNumbersError("a numpy array of no type")
    if not isinstance(shape, tuple) or len(shape) not in (1, 2):
        raise PickledNumbersError(
            f"a numpy array of shape {reprlib.repr(shape)}, expected one or two sizes"
        )
    if not all(type(size) is int and size >= 0 for size in shape):
        raise PickledNumbersError(f"a numpy array of shape {reprlib.repr(shape)}, which is none")
    values = number_type.read(content)
    if len(values) != math.prod(shape):
        raise PickledNumbersError(
            f"a numpy array of shape {reprlib.repr(shape)} with {len(values)} numbers"
        )
    return values.reshape(shape, order="F" if order == "F" else "C")


def _text(value: object) -> str:
    """Return a text that Python 2 may have written as bytes."""
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _bytes(value: object) -> bytes:
    """Return bytes that Python 2 may have written as a text."""
    if isinstance(value, str):
        return value.encode("latin1")
    if not isinstance(value, bytes | bytearray):
        raise PickledNumbersError(f"numbers in a {type(value).__name__}, not in bytes")
    return bytes(value)
