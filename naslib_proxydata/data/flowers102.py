"""FLOWERS102: 102 categories of flowers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.data.batches import whole_labels
from naslib_proxydata.data.listed import listed_images
from naslib_proxydata.data.mat import read_mat
from naslib_proxydata.data.paths import folder_with, is_file, is_folder, required_path
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from naslib_proxydata.data.folder import FolderDataset

LABELS: Final = "imagelabels.mat"
SPLITS: Final = "setid.mat"
IMAGES: Final = "jpg"
CLASSES: Final = 102
SOURCE: Final = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"


def open_flowers102(path: str = "") -> FolderDataset:
    """Open FLOWERS102 (Nilsback and Zisserman 2008).

    Where ``setid.mat`` is there, its training images (``trnid``, 1,020 of them) are taken, in its
    order; else all 8,189, of which others make their own splits. Labels are counted from 1 in the
    files, and from 0 here. ``source_index`` is an image's number less 1.

    Args:
        path: The folder that holds ``imagelabels.mat`` and ``jpg`` (or the one that holds it).

    Raises:
        DatasetError: There is no path, or a file is absent, damaged, or of another layout.
    """
    place = required_path(path, "flowers102")
    folder = folder_with(place, [LABELS])
    if folder is None or not is_folder(folder / IMAGES):
        raise DatasetError(
            f"no flowers102 in {place}: expected {LABELS} and the folder {IMAGES} of {SOURCE}"
        )
    (labels,) = read_mat(folder / LABELS, ("labels",))
    allowed = range(1, CLASSES + 1)
    labels = whole_labels(_whole(labels, folder / LABELS), allowed, folder / LABELS)
    numbers = np.arange(1, len(labels) + 1)
    if is_file(folder / SPLITS):
        (training,) = read_mat(folder / SPLITS, ("trnid",))
        numbers = _whole(training, folder / SPLITS)
    if numbers.min() < 1 or numbers.max() > len(labels):
        raise DatasetError(
            f"{folder}: {SPLITS} and {LABELS} do not belong together; get both from {SOURCE}"
        )
    if len(np.unique(numbers)) < len(numbers):
        raise DatasetError(f"{folder / SPLITS} names an image twice; get it again from {SOURCE}")
    files = [folder / IMAGES / f"image_{number:05d}.jpg" for number in numbers]
    return listed_images("flowers102", files, labels[numbers - 1] - 1, source_index=numbers - 1)


def _whole(values: NDArray[Any], source: Path) -> NDArray[np.int64]:
    """Return the numbers of a file in one row, each of them whole."""
    flat = values.reshape(-1)
    if not len(flat) or not (np.isfinite(flat) & (flat == np.floor(flat))).all():
        raise DatasetError(f"{source}: expected whole numbers; get it again from {SOURCE}")
    return flat.astype(np.int64)
