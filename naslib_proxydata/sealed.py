"""Files that begin with the sha256 of the rest, which tells a damaged one from a whole one."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import FileError, ProxyDataError
from naslib_proxydata.files import write_atomically
from naslib_proxydata.opening import open_file

DIGEST_BYTES = 32
_AT_ONCE = 2**20


def write_sealed(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    error: type[ProxyDataError] = FileError,
    private: bool = False,
) -> None:
    """Let ``write`` fill a file after its digest, which then stands before; whole or not at all.

    Args:
        path: The file; one that is there is replaced.
        write: Gets a stream that takes bytes and cannot go back.
        error: What is raised where it cannot be written.
        private: See :func:`naslib_proxydata.files.write_atomically`.

    Raises:
        ProxyDataError: The folder or the file cannot be written; nothing was changed there.
    """

    def fill(file: BinaryIO) -> None:
        file.write(bytes(DIGEST_BYTES))
        hashing = _Hashing(file)
        write(cast("BinaryIO", hashing))
        file.seek(0)
        file.write(hashing.digest.digest())

    write_atomically(path, fill, error=error, private=private)


def is_whole(file: IO[bytes]) -> bool:
    """Return whether the bytes of a file are those that were written; leave it after the digest."""
    file.seek(0)
    kept = file.read(DIGEST_BYTES)
    found = hashlib.sha256()
    while block := file.read(_AT_ONCE):
        found.update(block)
    file.seek(DIGEST_BYTES)
    return found.digest() == kept


def read_sealed(
    path: Path, *, error: type[ProxyDataError] = FileError, advice: str = "check the path"
) -> bytes | None:
    """Return what :func:`write_sealed` wrote to a file; None where its bytes are others.

    Args:
        path: The file.
        error: What is raised.
        advice: What to do, as a sentence's end.

    Raises:
        ProxyDataError: It cannot be read, or is no file.
    """
    with open_file(path, error, advice) as file, boundary(path, error, advice):
        return file.read() if is_whole(file) else None


class _Hashing(io.RawIOBase):
    """Hands bytes on and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.digest.update(content)
        self._file.write(content)
        return len(memoryview(content).cast("B"))
