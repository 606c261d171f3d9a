"""The one way to read numpy's ``.npz`` files: plain arrays whose declared sizes were checked."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.memory import check_fits_in_memory
from naslib_proxydata.opening import open_file

DEFLATED_AT_MOST: Final = 1032
"""Bytes that deflate, the compression of zip and gzip, makes of one at the most (RFC 1951)."""

_SUFFIX: Final = ".npy"
_HEADERS: Final = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class _DeclaredError(Exception):
    """A member of an archive declares what cannot be."""


def read_npz(
    path: Path,
    error: type[ProxyDataError],
    advice: str,
    names: Collection[str] | None = None,
) -> dict[str, NDArray[Any]]:
    """Read arrays of an ``.npz`` file in the order in which they lie there.

    Their checksums are compared. What the header of an array, and the archive's directory, say of
    its size must agree, be possible for the bytes that are there, and fit in memory.

    Args:
        path: The file.
        error: What is raised.
        advice: What to do, as a sentence's end.
        names: Which arrays; those of these that are there. All where None.

    Raises:
        ProxyDataError: The file is absent, no file, or damaged, holds pickled objects or the same
            array twice, or is larger than memory.
    """
    with (
        open_file(path, error, advice) as stream,
        boundary(path, error, advice),
        zipfile.ZipFile(stream) as archive,
    ):
        members = _members(archive, names)
        total = sum(member.file_size for member in members.values())
        check_fits_in_memory(total, path, error, advice)
        return {name: _array(archive, member) for name, member in members.items()}


def _members(archive: zipfile.ZipFile, names: Collection[str] | None) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(_SUFFIX)
        if name == member.filename or (names is not None and name not in names):
            continue
        if name in found:
            raise _DeclaredError(f"it holds {name!r} twice")
        _check_compression(member)
        found[name] = member
    return found


def _check_compression(member: zipfile.ZipInfo) -> None:
    """Refuse a member that is larger than its compression, one of numpy's two, can make it."""
    if member.compress_type == zipfile.ZIP_STORED:
        most = member.compress_size
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        most = DEFLATED_AT_MOST * member.compress_size
    else:
        raise _DeclaredError(f"compression {member.compress_type} is none of numpy's")
    if member.file_size > most:
        raise _DeclaredError(
            f"{member.filename!r} declares {member.file_size} bytes in {member.compress_size}"
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as stream:
        size = _declared_size(stream)
        if stream.tell() + size != member.file_size:
            raise _DeclaredError(
                f"{member.filename!r} declares an array of {size} bytes, and has "
                f"{member.file_size - stream.tell()}"
            )
    with archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _declared_size(stream: IO[bytes]) -> int:
    """Return how many bytes an array has by its header, at whose end the stream is left."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise _DeclaredError(f"version {version} of numpy's format is none of plain numbers")
    shape, _, kind = _HEADERS[version](stream)
    if kind.hasobject:
        raise _DeclaredError("it holds pickled objects, which are never loaded; save plain arrays")
    count = math.prod(shape)
    if count > 1 and not kind.itemsize:  # no limit holds what takes no bytes
        raise _DeclaredError(f"it holds {count} values of no bytes")
    return count * kind.itemsize
