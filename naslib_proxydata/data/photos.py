"""Crops of the two photographs that scikit-learn carries: real images, always at hand."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 5
NUM_CLASSES = 2 * BANDS


@lru_cache(maxsize=1)
def photographs() -> NDArray[np.uint8]:
    """Return ``china.jpg`` and ``flower.jpg``, uint8, shape (2, 427, 640, 3)."""
    from sklearn.datasets import load_sample_images

    return np.stack(load_sample_images().images)


def photo_statistics() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation by channel of both photographs, pixels in [0, 1]."""
    scaled = photographs() / 255
    return tuple(scaled.mean((0, 1, 2)).tolist()), tuple(scaled.std((0, 1, 2)).tolist())


def photo_crops(
    count: int, size: int, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw square crops of the photographs.

    The label is a rule, not a judgement: 5 x photograph + band, where the crop's top edge lies
    in one of five equal ranges of the possible ones; ten classes in all. Each ten crops in a
    row show each class once, in random order, whatever ``count`` is.

    Returns:
        Crops, uint8, shape (count, 3, size, size), and labels, int64, shape (count,).
    """
    crops: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    while len(crops) < count:
        for label in generator.permutation(NUM_CLASSES):
            crops.append(_crop(photographs()[label // BANDS], label % BANDS, size, generator))
            labels.append(int(label))
    stacked = np.stack(crops[:count]).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stacked), np.array(labels[:count], dtype=np.int64)


def _crop(
    photo: NDArray[np.uint8], band: int, size: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut one crop whose top edge lies in the given fifth of the possible ones."""
    height, width = photo.shape[0] - size + 1, photo.shape[1] - size + 1
    top = int(generator.integers(band * height // BANDS, (band + 1) * height // BANDS))
    left = int(generator.integers(width))
    return photo[top : top + size, left : left + size]
