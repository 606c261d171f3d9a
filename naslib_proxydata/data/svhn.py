"""SVHN: street view house numbers, cropped to 32 x 32 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.mat import read_mat
from naslib_proxydata.data.npz import open_npz, read_arrays
from naslib_proxydata.data.paths import is_file, is_folder, required_path
from naslib_proxydata.errors import DatasetError, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TRAINING: Final = "train_32x32.mat"
SOURCE: Final = "http://ufldl.stanford.edu/housenumbers/train_32x32.mat"
_NAMES: Final = ("X", "y")


def open_svhn(path: str = "") -> ArrayDataset:
    """Open the training images of SVHN (Netzer et al. 2011).

    The files hold X of shape (32, 32, 3, n) and y of shape (n, 1), in which 10 stands for the
    digit 0.

    Args:
        path: The folder of ``train_32x32.mat``; one file, such as ``test_32x32.mat``; or an
            ``.npz`` file with the arrays X and y, or images and labels from 0 to 9.

    Raises:
        DatasetError: There is no path, or the file is absent, damaged, or of another layout.
    """
    place = required_path(path, "svhn")
    if place.suffix == ".npz":
        arrays = read_arrays(place)
        if not set(_NAMES) <= set(arrays):
            return open_npz(str(place), "svhn")
        return _dataset(arrays["X"], arrays["y"], place)
    file = place / TRAINING if is_folder(place) else place
    if not is_file(file):
        raise DatasetError(f"no svhn in {place}: expected {TRAINING} of {SOURCE}, or an .npz file")
    images, labels = read_mat(file, _NAMES)
    return _dataset(images, labels, file)


def _dataset(images: NDArray[Any], labels: NDArray[Any], source: Path) -> ArrayDataset:
    numbers = labels.reshape(-1)
    if images.ndim != 4 or images.shape[:3] != (32, 32, 3) or len(numbers) != images.shape[3]:
        raise DatasetError(
            f"{source}: expected X of shape (32, 32, 3, n) and n labels y, got {images.shape} and "
            f"{labels.shape}"
        )
    if numbers.dtype.kind not in "iuf":
        raise DatasetError(f"{source}: expected y from 1 to 10, got {numbers.dtype}")
    wrong = numbers[~np.isin(numbers, np.arange(11))]
    if images.dtype != np.uint8 or len(wrong):
        raise DatasetError(
            f"{source}: expected X as uint8 and y from 1 to 10, got X as {images.dtype}"
            + (f" and {shown(wrong[0].item())} in y" if len(wrong) else "")
        )
    digits = numbers.astype(np.int64) % 10
    names = [str(digit) for digit in range(10)]
    return ArrayDataset("svhn", images.transpose(3, 2, 0, 1), digits, names)
