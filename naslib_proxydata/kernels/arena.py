"""Memory that is handed out in pieces and taken back when nothing has them any more.

The C library keeps what large tensors of many sizes leave behind in holes that fit no other size, a
third more than is in use; and memory that goes back to the system costs time to be cleared again.
"""

from __future__ import annotations

import weakref
from bisect import bisect
from collections import deque
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CHUNK: Final = 2**26
"""Floats that are asked for at a time; the system gives what is written to."""
_LINE = 16  # floats of a cache's line, at whose beginnings pieces begin


class Arena:
    """Memory of one thread."""

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []

    def take(self, size: int) -> Tensor:
        """Return so many floats, values undefined, from the smallest gap that they fit in.

        They are taken back once no tensor and nothing else has them. Where a chunk is more than the
        system gives, they are torch's own.
        """
        gaps = ((chunk.smallest(size), chunk) for chunk in self._chunks)
        fits = ((gap, chunk) for gap, chunk in gaps if gap is not None)
        best = min(fits, key=lambda one: one[0], default=None)
        if best is not None:
            (_, place), chunk = best
            return chunk.take(place, size)
        self._chunks = [one for one in self._chunks if one.used]
        try:
            self._chunks.append(_Chunk(max(size, CHUNK)))
        except MemoryError:
            return torch.empty(size)
        return self._chunks[-1].take(0, size)

    @property
    def used(self) -> int:
        """How many floats are handed out."""
        return sum(one.used for one in self._chunks)


class _Piece(weakref.ref[NDArray[np.float32]]):
    """Tells where a piece lies once it is no more."""

    __slots__ = ("end", "start")
    start: int
    end: int


class _Chunk:
    """Consecutive memory, and the gaps in it in order."""

    def __init__(self, size: int) -> None:
        memory = np.empty(size + _LINE, dtype=np.float32)
        start = -memory.ctypes.data // memory.itemsize % _LINE
        self._memory = memory[start : start + size]
        self._gaps = [(0, size)]
        self._out: dict[int, _Piece] = {}
        # Anything may be freed at any time, also in the middle of taking: it is looked at later.
        self._returned: deque[_Piece] = deque()

    def smallest(self, size: int) -> tuple[int, int] | None:
        """Return length and place of the smallest gap of a size."""
        self._take_back()
        lengths = ((end - start, place) for place, (start, end) in enumerate(self._gaps))
        return min((one for one in lengths if one[0] >= size), default=None)

    def take(self, place: int, size: int) -> Tensor:
        """Return floats at the beginning of a gap."""
        start, end = self._gaps[place]
        memory = self._memory[start : start + size]
        piece = _Piece(memory, self._returned.append)
        piece.start, piece.end = start, min(start + size + -size % _LINE, end)
        self._gaps[place : place + 1] = [(piece.end, end)] if piece.end < end else []
        self._out[start] = piece
        return torch.from_numpy(memory)

    def _take_back(self) -> None:
        """Join what was returned since to the gaps."""
        while self._returned:
            self._join(self._returned.popleft())

    def _join(self, piece: _Piece) -> None:
        del self._out[piece.start]
        start, end = piece.start, piece.end
        place = bisect(self._gaps, (start, end))
        if place < len(self._gaps) and self._gaps[place][0] == end:
            end = self._gaps.pop(place)[1]
        if place > 0 and self._gaps[place - 1][1] == start:
            place -= 1
            start = self._gaps.pop(place)[0]
        self._gaps.insert(place, (start, end))

    @property
    def used(self) -> int:
        self._take_back()
        return sum(piece.end - piece.start for piece in self._out.values())
