"""Files of the cache: for this user alone, with their sha256, and never an obstacle.

What was computed is looked up there. A file that is damaged, or that somebody else may have
written, is named in a warning and counts as absent, so that its content is computed anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import FileError, ProxyDataError
from naslib_proxydata.files import check_writable
from naslib_proxydata.private import (
    UntrustedError,
    check_private_folder,
    make_private_folder,
    open_private,
    take_back,
)
from naslib_proxydata.sealed import is_whole, write_sealed

_log = logging.getLogger(__name__)

_EARLIER = (b"PK\x03\x04", b"\x93NUMPY")
"""How files of earlier versions begin, which have no digest: zip archives, and arrays."""

Value = TypeVar("Value")


def check_cache(folder: Path, *, error: type[ProxyDataError], advice: str) -> None:
    """Make a folder of the cache, and refuse one from which nothing that is written can be used.

    Args:
        folder: The folder.
        error: What is raised.
        advice: What to do, as a sentence's end.

    Raises:
        ProxyDataError: It cannot be written; or others can exchange what lies there, so that it
            would not be read again, which must not come out after hours of training.
    """
    check_writable(folder, error=error, doing="use the cache", advice=advice)
    try:
        make_private_folder(folder)
        take_back(folder)
        check_private_folder(folder)
    except (OSError, UntrustedError) as problem:
        told = f"cannot use the cache: {problem}; or {advice}. Nothing was computed yet"
        raise error(told) from problem


def write_cached(
    path: Path, write: Callable[[BinaryIO], object], *, error: type[ProxyDataError] = FileError
) -> None:
    """Write a file of the cache; see :func:`naslib_proxydata.sealed.write_sealed`.

    Where its folder is this user's own, others lose the right to write there.
    """
    with suppress(OSError):  # it may be missing; what cannot be written is told below
        take_back(path.parent)
    write_sealed(path, write, error=error, private=True)


def read_cached(path: Path, decode: Callable[[BinaryIO], Value], instead: str) -> Value | None:
    """Return what a file of the cache holds, or None.

    Files of earlier versions, which have no digest, are read; their formats' own checks hold.

    Args:
        path: The file.
        decode: Gets the open file, at the place where its content begins; whatever it raises
            means that the file is damaged.
        instead: What is done where there is nothing, for the warning: ``they are computed anew``.

    Returns:
        None where there is no such file; and, with a warning that names it, where it is damaged or
        cannot be trusted.

    Raises:
        ProxyDataError: The content needs more memory than there is, which is not the file's fault.
    """
    try:
        with boundary(path, FileError, instead):
            try:
                file = open_private(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
            with file:
                _check(file, path, instead)
                return decode(file)
    except ProxyDataError as error:
        if isinstance(error.__cause__, MemoryError):
            raise
        _log.warning("%s", error if instead in str(error) else f"{error}; {instead}")
        return None


def _check(file: BinaryIO, path: Path, instead: str) -> None:
    """Refuse a file with another digest, and leave it where its content begins."""
    begins = file.read(max(map(len, _EARLIER)))
    if begins.startswith(_EARLIER):
        file.seek(0)
    elif not is_whole(file):
        raise FileError(f"{path} is damaged: its sha256 is another; {instead}")
