"""Packed files of anybody's: what one unpacks to is bounded before memory is spent on it."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.memory import check_fits_in_memory
from naslib_proxydata.opening import open_file

ALWAYS: Final = 2**26
"""Bytes that any file may unpack to."""
MOST_OF_ONE: Final = 200
"""Bytes that a larger file may unpack to for each of its own; honest tables stay below 40."""

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 2**20


class UnpacksTooFarError(Exception):
    """A few bytes unpack to so many that they were made to fill the memory."""


class Unpacking(Protocol):
    """What is used of a stream that unpacks: a ``GzipFile``, ``BZ2File`` or member of a zip."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none where the stream ends."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place."""

    def tell(self) -> int:
        """Return how many bytes were unpacked before this place."""


class Unpacked:
    """A stream that unpacks, up to what an honest file does.

    Args:
        stream: What unpacks.
        packed: How many bytes there are to unpack.
    """

    def __init__(self, stream: Unpacking, packed: int) -> None:
        self._stream = stream
        self._packed = packed
        self._most = ALWAYS + MOST_OF_ONE * packed

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most ``size`` of them; none where the stream ends.

        Raises:
            UnpacksTooFarError: There are more in all than there may be.
        """
        content = self._stream.read(size)
        if self._stream.tell() > self._most:
            raise UnpacksTooFarError(f"{self._packed:,} bytes unpack to more than {self._most:,}")
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another place."""
        return self._stream.seek(offset, whence)

    def rest(self) -> Iterator[bytes]:
        """Yield what is left in pieces; at the end of the stream its checksum is compared."""
        while piece := self.read(_PIECE):
            yield piece


@contextmanager
def unpacked_whole(stream: Unpacking, packed: int) -> Iterator[Unpacked]:
    """Give a stream that unpacks, and read what is left of it afterwards: its checksum comes last.

    Args:
        stream: See :class:`Unpacked`.
        packed: See :class:`Unpacked`.
    """
    unpacked = Unpacked(stream, packed)
    yield unpacked
    for _ in unpacked.rest():
        pass


def read_unpacked(path: Path, error: type[ProxyDataError], advice: str) -> bytes:
    """Return the content of a file, unpacked where it begins as gzip does.

    Args:
        path: The file.
        error: What is raised.
        advice: What to do, as a sentence's end.

    Raises:
        ProxyDataError: It is absent, no file, damaged, or larger than memory.
    """
    with open_file(path, error, advice) as file, boundary(path, error, advice):
        size = os.fstat(file.fileno()).st_size
        check_fits_in_memory(size, path, error, advice)
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if is_packed:
            with gzip.GzipFile(fileobj=file) as stream:
                return b"".join(Unpacked(stream, size).rest())
        return file.read(size)
