"""Arrays in Matlab's ``.mat`` files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.memory import check_fits_in_memory
from naslib_proxydata.opening import open_file

_ADVICE: Final = "get it again from its official place"
_BYTES: Final = {
    **dict.fromkeys(("int8", "uint8"), 1),
    **dict.fromkeys(("int16", "uint16"), 2),
    **dict.fromkeys(("int32", "uint32", "single"), 4),
    **dict.fromkeys(("int64", "uint64", "double"), 8),
}
"""Bytes of a number of each of Matlab's classes of numbers."""


def read_mat(path: Path, names: tuple[str, ...]) -> list[NDArray[Any]]:
    """Read arrays of numbers, of Matlab 4 to 7.2.

    Args:
        path: The file.
        names: Which arrays.

    Raises:
        DatasetError: The file is absent or damaged, or holds no such array of numbers.
    """
    from scipy.io import loadmat, whosmat

    with open_file(path, DatasetError, _ADVICE) as file, boundary(path, DatasetError, _ADVICE):
        # Containers are not read at all: those in one another overrun the stack of the C code.
        _check_declared(path, names, whosmat(file))
        file.seek(0)
        content = loadmat(file, variable_names=names)
        arrays = [np.asarray(content[name]) for name in names]
    if any(array.dtype.kind not in "iuf" for array in arrays):
        raise DatasetError(f"{path} does not hold the arrays of numbers {', '.join(names)}")
    return arrays


def _check_declared(
    path: Path, names: tuple[str, ...], declared: list[tuple[str, tuple[int, ...], str]]
) -> None:
    """Refuse arrays that are absent, no numbers, or larger than memory.

    Args:
        path: The file, for the error.
        names: Which arrays.
        declared: Name, shape and class of each array, as their headers say.
    """
    found = {name: (shape, kind) for name, shape, kind in declared if name in names}
    if set(found) != set(names) or any(kind not in _BYTES for _, kind in found.values()):
        raise DatasetError(f"{path} does not hold the arrays of numbers {', '.join(names)}")
    total = sum(math.prod(map(int, shape)) * _BYTES[kind] for shape, kind in found.values())
    check_fits_in_memory(total, path, DatasetError, _ADVICE)
