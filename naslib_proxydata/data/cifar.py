"""CIFAR-10 and CIFAR-100: the python batches as published, or the images in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.folder import open_folder
from naslib_proxydata.data.npz import open_npz
from naslib_proxydata.data.paths import required_path
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.unpickle import ARRAYS, unpickle

if TYPE_CHECKING:
    from pathlib import Path

    from naslib_proxydata.data.base import Dataset

SIDE = 32
PATTERNS = {"cifar10": "data_batch_*", "cifar100": "train"}
LABELS = {"cifar10": b"labels", "cifar100": b"fine_labels"}
NAMES = {
    "cifar10": ("batches.meta", b"label_names"),
    "cifar100": ("meta", b"fine_label_names"),
}
ARCHIVES = {
    "cifar10": "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "cifar100": "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
}


def open_cifar10(path: str = "") -> Dataset:
    """Open the training images of CIFAR-10; see :func:`open_cifar`."""
    return open_cifar("cifar10", path)


def open_cifar100(path: str = "") -> Dataset:
    """Open the training images of CIFAR-100; see :func:`open_cifar`."""
    return open_cifar("cifar100", path)


def open_cifar(name: str, path: str) -> Dataset:
    """Open the training images of CIFAR-10 or CIFAR-100.

    Args:
        name: ``cifar10`` or ``cifar100``.
        path: The folder of the unpacked python archive (or the one that holds it), an ``.npz``
            file, or a folder of images with one folder a class.

    Raises:
        DatasetError: There is no path, nothing of this kind there, or a file is damaged.
    """
    place = required_path(path, name)
    if place.suffix == ".npz":
        return open_npz(str(place), name)
    files = sorted(place.glob(PATTERNS[name])) or sorted(place.glob(f"*/{PATTERNS[name]}"))
    files = [file for file in files if file.is_file()]
    if files:
        return _open_batches(name, files)
    if place.is_dir() and any(entry.is_dir() for entry in place.iterdir()):
        return open_folder(str(place), name)
    raise DatasetError(
        f"no {name} in {place}: expected the files {PATTERNS[name]} of {ARCHIVES[name]} (unpack "
        "it there), an .npz file, or a folder of images with one folder a class"
    )


def _open_batches(name: str, files: list[Path]) -> ArrayDataset:
    batches = [_read(file) for file in files]
    try:
        rows = np.concatenate([batch[b"data"] for batch in batches])
        labels = np.concatenate([batch[LABELS[name]] for batch in batches])
        images = rows.reshape(-1, 3, SIDE, SIDE)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{files[0].parent} holds no {name} batches: {error!r}") from None
    meta_name, key = NAMES[name]
    meta = files[0].parent / meta_name
    names = [encoded.decode() for encoded in _read(meta)[key]] if meta.is_file() else []
    return ArrayDataset(name, images, labels, names)


def _read(file: Path) -> dict[bytes, Any]:
    with file.open("rb") as opened:
        source = f"the CIFAR batch {file}"
        batch = unpickle(opened, source, ARRAYS, error=DatasetError, encoding="bytes")
    if not isinstance(batch, dict):
        raise DatasetError(f"{file} is not a CIFAR batch: it holds a {type(batch).__name__}")
    return batch
