"""Arrays that may be larger than memory, and work on a bounded part of them at a time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.cache import cache_folder
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.private import make_private_folder

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

IN_MEMORY = 2**30
"""Bytes above which an array is kept in a file, of which memory holds what is in use."""

AT_ONCE = 2**26
"""Bytes of rows that are worked on together."""


def scratch_array(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array to be filled: in memory, or from 1 GiB on in a file of the cache folder.

    The file has no name and goes with the array.

    Raises:
        SelectionError: The disk has no room for the file.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY:
        return np.empty(shape, dtype)
    folder = cache_folder()
    try:
        make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk must be told now, not by a crash
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, dtype, "w+", shape=shape)
    except OSError as error:
        raise SelectionError(
            f"{size / 2**30:.1f} GiB are needed in {folder}: {error.strerror}; make room, take "
            "smaller images, or name another folder with NASLIB_PROXYDATA_CACHE"
        ) from None


def row_chunks(count: int, row_bytes: int, most: int | None = None) -> Iterator[slice]:
    """Yield slices that cover ``count`` rows, each of at most 64 MiB but one row at least.

    Args:
        count: Number of rows.
        row_bytes: Bytes that a row takes in the caller's work.
        most: Most rows in a slice, however small they are.
    """
    length = max(1, AT_ONCE // max(1, row_bytes))
    length = length if most is None else min(length, most)
    for start in range(0, count, length):
        yield slice(start, min(start + length, count))
