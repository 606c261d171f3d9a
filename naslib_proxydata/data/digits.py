"""The 1,797 handwritten digits that scikit-learn carries: 8 x 8, grey, 10 classes."""

from __future__ import annotations

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import DatasetError

BRIGHTEST = 16  # the largest grey value in the source


def open_digits(path: str = "") -> ArrayDataset:
    """Return the digits with grey values rescaled from 0-16 to 0-255.

    Args:
        path: Empty; scikit-learn knows where they are.

    Raises:
        DatasetError: There is a path.
    """
    if path:
        raise DatasetError(f"dataset 'digits' takes no path, got {path!r}: write digits")
    from sklearn.datasets import load_digits

    source = load_digits()
    images = np.rint(source.images * (255 / BRIGHTEST)).astype(np.uint8)
    names = [str(name) for name in source.target_names]
    return ArrayDataset("digits", images, source.target.astype(np.int64), names)
