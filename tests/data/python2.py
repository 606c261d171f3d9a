"""Pickles as Python 2 wrote them: protocol 2, 8-bit strings, arrays by numpy's ``_reconstruct``."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pickled(value: Any) -> bytes:
    """Return what ``cPickle.dumps(value, 2)`` of Python 2 gives for bytes, ints and arrays."""
    memo = itertools.count(1)
    return b"\x80\x02" + b"".join(_value(value, memo)) + b"."


def _value(value: Any, memo: Iterator[int]) -> Iterator[bytes]:
    if isinstance(value, bytes):
        short = len(value) < 256
        yield (b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value)))
        yield value + _put(memo)
    elif isinstance(value, bool):
        yield b"\x88" if value else b"\x89"
    elif isinstance(value, int):
        yield b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)
    elif value is None:
        yield b"N"
    elif isinstance(value, list):
        yield b"]" + _put(memo) + b"("
        yield from itertools.chain.from_iterable(_value(one, memo) for one in value)
        yield b"e"
    elif isinstance(value, tuple):
        yield b"("
        yield from itertools.chain.from_iterable(_value(one, memo) for one in value)
        yield b"t" + _put(memo)
    elif isinstance(value, dict):
        yield b"}" + _put(memo) + b"("
        pairs = itertools.chain.from_iterable(value.items())
        yield from itertools.chain.from_iterable(_value(one, memo) for one in pairs)
        yield b"u"
    else:
        yield from _array(value, memo)


def _array(array: NDArray[Any], memo: Iterator[int]) -> Iterator[bytes]:
    yield b"cnumpy.core.multiarray\n_reconstruct\n" + _put(memo)
    yield b"cnumpy\nndarray\n" + _put(memo)
    yield b"K\x00\x85" + _put(memo) + b"U\x01b" + _put(memo) + b"\x87" + _put(memo) + b"R"
    yield _put(memo) + b"(K\x01"
    yield from _value(array.shape, memo)
    code, order = array.dtype.str[1:].encode(), array.dtype.str[:1].encode()
    yield b"cnumpy\ndtype\n" + _put(memo) + b"U" + bytes([len(code)]) + code + _put(memo)
    yield b"K\x00K\x01\x87" + _put(memo) + b"R" + _put(memo)
    yield b"(K\x03U\x01" + order + _put(memo) + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00t"
    yield _put(memo) + b"b\x89"
    yield from _value(np.ascontiguousarray(array).tobytes(), memo)
    yield b"t" + _put(memo) + b"b"


def _put(memo: Iterator[int]) -> bytes:
    number = next(memo)
    return b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<I", number)
