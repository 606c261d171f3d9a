"""A format of datasets: a CSV file with a label and the pixels of a square grey image a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import DatasetError


def open_pixel_csv(path: str) -> ArrayDataset:
    """Read the lines ``label,pixel,pixel,...`` with pixels from 0 to 255.

    Raises:
        DatasetError: There is no path or no such file, or it holds something else.
    """
    if not path:
        raise DatasetError("dataset 'pixel-csv' needs a path: write pixel-csv:FILE")
    try:
        table = np.loadtxt(path, dtype=np.int64, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as label,pixel,pixel,...: {error}") from None
    side = round((table.shape[1] - 1) ** 0.5)
    pixels = table[:, 1:]
    if side < 1 or side**2 != pixels.shape[1] or pixels.min() < 0 or pixels.max() > 255:
        raise DatasetError(
            f"{path} must hold a label and the pixels of a square image in each line, from 0 to "
            f"255; it has {pixels.shape[1]} pixels from {pixels.min(initial=0)} to "
            f"{pixels.max(initial=0)}"
        )
    images = pixels.astype(np.uint8).reshape(-1, side, side)
    return ArrayDataset(Path(path).stem, images, table[:, 0])
