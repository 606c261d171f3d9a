"""The 1,797 handwritten digits that scikit-learn carries: 8 x 8, grey, 10 classes."""

from __future__ import annotations

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset

BRIGHTEST = 16  # the largest grey value in the source


def open_digits() -> ArrayDataset:
    """Return the digits with grey values rescaled from 0-16 to 0-255."""
    from sklearn.datasets import load_digits

    source = load_digits()
    images = np.rint(source.images * (255 / BRIGHTEST)).astype(np.uint8)
    names = [str(name) for name in source.target_names]
    return ArrayDataset("digits", images, source.target.astype(np.int64), names)
