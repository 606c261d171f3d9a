"""ImageNet16-120 of NAS-Bench-201: ImageNet at 16 x 16 pixels, its first 120 classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.batches import batch_images, batch_labels, read_batch
from naslib_proxydata.data.npz import open_npz
from naslib_proxydata.data.paths import folder_with, is_file, required_files, required_path
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME: Final = "imagenet16-120"
SIDE: Final = 16
CLASSES: Final = 120
ALL_CLASSES: Final = 1000
"""Of the files, in which labels are counted from 1."""
TRAINING: Final = tuple(f"train_data_batch_{number}" for number in range(1, 11))
SOURCE: Final = "ImageNet16 of NAS-Bench-201 (https://github.com/D-X-Y/NAS-Bench-201)"


def open_imagenet16_120(path: str = "") -> ArrayDataset:
    """Open the training images of ImageNet16-120 (arXiv 2001.00326, from arXiv 1707.08819).

    Labels are counted from 1 in the files, and from 0 here; images of classes above 120 are left
    out. ``source_index`` has the positions in all ten batches.

    Args:
        path: The folder of ``train_data_batch_1`` to ``train_data_batch_10`` (or the one that
            holds it), one file of it, such as ``val_data``, or an ``.npz`` file.

    Raises:
        DatasetError: There is no path, or a file is absent, damaged, or counts labels from 0.
    """
    place = required_path(path, NAME)
    if place.suffix == ".npz":
        return open_npz(str(place), NAME)
    if is_file(place):
        return _open_files([place])
    folder = folder_with(place, TRAINING)
    if folder is None:
        raise DatasetError(
            f"no {NAME} in {place}: expected the files {TRAINING[0]} to {TRAINING[-1]} of {SOURCE}"
        )
    return _open_files(required_files(folder, TRAINING, SOURCE))


def _open_files(files: list[Path]) -> ArrayDataset:
    """Read one file after the other, and keep of each only what is needed."""
    images, labels, places, before = [], [], [], 0
    for file in files:
        pixels, numbers = _read(file)
        kept = np.flatnonzero(numbers <= CLASSES)
        images.append(pixels[kept])
        labels.append(numbers[kept] - 1)
        places.append(before + kept)
        before += len(numbers)
    if not sum(map(len, labels)):
        raise DatasetError(f"{files[0].parent}: no image is of the first {CLASSES} classes")
    return ArrayDataset(
        NAME,
        np.concatenate(images),
        np.concatenate(labels),
        source_index=np.concatenate(places),
    )


def _read(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = read_batch(file, "ImageNet16 batch")
    pixels = batch_images(batch, SIDE, file)
    allowed = range(1, ALL_CLASSES + 1)
    return pixels, batch_labels(batch, "labels", len(pixels), allowed, file)
