"""FLOWERS102: 102 categories of flowers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from naslib_proxydata.data.listed import listed_images
from naslib_proxydata.data.mat import read_mat
from naslib_proxydata.data.paths import folder_with, required_path
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from naslib_proxydata.data.folder import FolderDataset

LABELS: Final = "imagelabels.mat"
SPLITS: Final = "setid.mat"
IMAGES: Final = "jpg"
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
    if folder is None or not (folder / IMAGES).is_dir():
        raise DatasetError(
            f"no flowers102 in {place}: expected {LABELS} and the folder {IMAGES} of {SOURCE}"
        )
    (labels,) = read_mat(folder / LABELS, ("labels",))
    labels = labels.reshape(-1).astype(np.int64)
    numbers = np.arange(1, len(labels) + 1)
    if (folder / SPLITS).is_file():
        (training,) = read_mat(folder / SPLITS, ("trnid",))
        numbers = training.reshape(-1).astype(np.int64)
    if not len(numbers) or numbers.min() < 1 or numbers.max() > len(labels) or labels.min() < 1:
        raise DatasetError(
            f"{folder}: {SPLITS} and {LABELS} do not belong together; get both from {SOURCE}"
        )
    files = [folder / IMAGES / f"image_{number:05d}.jpg" for number in numbers]
    return listed_images("flowers102", files, labels[numbers - 1] - 1, source_index=numbers - 1)
