"""Arrays in Matlab's ``.mat`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import DatasetError


def read_mat(path: Path, names: tuple[str, ...]) -> list[NDArray[Any]]:
    """Read arrays of numbers, of Matlab 4 to 7.2.

    Args:
        path: The file.
        names: Which arrays.

    Raises:
        DatasetError: The file is absent or damaged, or holds no such array of numbers.
    """
    from scipy.io import loadmat

    if not path.is_file():
        raise DatasetError(f"no file {path}; check the path")
    try:
        content = loadmat(path, variable_names=names)
    except Exception as error:  # a damaged file can fail in nearly every way
        raise DatasetError(
            f"{path} is not a readable .mat file ({type(error).__name__}: {error}); get it again "
            "from its official place"
        ) from None
    arrays = [np.asarray(content[name]) for name in names if name in content]
    if len(arrays) < len(names) or any(array.dtype.kind not in "iuf" for array in arrays):
        raise DatasetError(f"{path} does not hold the arrays of numbers {', '.join(names)}")
    return arrays
