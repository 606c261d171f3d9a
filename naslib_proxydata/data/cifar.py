"""CIFAR-10 and CIFAR-100: the python or binary version as published, or another format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.batches import (
    batch_images,
    batch_labels,
    batch_names,
    read_batch,
    whole_labels,
)
from naslib_proxydata.data.folder import open_folder
from naslib_proxydata.data.npz import open_npz
from naslib_proxydata.data.paths import (
    folder_with,
    folders_in,
    is_file,
    is_folder,
    required_files,
    required_path,
)
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.opening import open_file
from naslib_proxydata.text_table import read_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset

SIDE = 32
_PIXELS: Final = 3 * SIDE * SIDE
_BINARY: Final = ".bin"
_ADVICE: Final = "get it again from its official place"


@dataclass(frozen=True)
class _Release:
    """How one of the two is published.

    Attributes:
        name: Of the format.
        training: Names of the files of training images, without ``.bin``.
        labels: Key of the labels in a python batch.
        classes: How many there are.
        names: Python batch of the names of the classes, and their key.
        binary_names: The same in the binary version, one on a line.
        label_bytes: Bytes before the pixels of an image there, the last of which is the label.
        archive: Where the python version is.
    """

    name: str
    training: tuple[str, ...]
    labels: str
    classes: int
    names: tuple[str, str]
    binary_names: str
    label_bytes: int
    archive: str


_RELEASES: Final = {
    "cifar10": _Release(
        "cifar10",
        tuple(f"data_batch_{number}" for number in range(1, 6)),
        "labels",
        10,
        ("batches.meta", "label_names"),
        "batches.meta.txt",
        1,
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
    "cifar100": _Release(
        "cifar100",
        ("train",),
        "fine_labels",
        100,
        ("meta", "fine_label_names"),
        "fine_label_names.txt",
        2,
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    ),
}


def open_cifar10(path: str = "") -> Dataset:
    """Open the training images of CIFAR-10; see :func:`open_cifar`."""
    return open_cifar("cifar10", path)


def open_cifar100(path: str = "") -> Dataset:
    """Open the training images of CIFAR-100 with its 100 fine labels; see :func:`open_cifar`."""
    return open_cifar("cifar100", path)


def open_cifar(name: str, path: str) -> Dataset:
    """Open the training images of CIFAR-10 or CIFAR-100.

    Args:
        name: ``cifar10`` or ``cifar100``.
        path: The folder of the unpacked python or binary archive (or the one that holds it); one
            file of it, such as ``test_batch`` or ``test``; an ``.npz`` file; or a folder of images
            with one folder a class.

    Raises:
        DatasetError: There is no path, nothing of this kind there, or a file is absent or damaged.
    """
    release = _RELEASES[name]
    place = required_path(path, name)
    if place.suffix == ".npz":
        return open_npz(str(place), name)
    if is_file(place):
        return _open_files(release, [place])
    for suffix in ("", _BINARY):
        training = [stem + suffix for stem in release.training]
        folder = folder_with(place, training)
        if folder is not None:
            return _open_files(release, required_files(folder, training, release.archive))
    if is_folder(place) and folders_in(place):
        return open_folder(str(place), name)
    raise DatasetError(
        f"no {name} in {place}: expected the files {_span(release.training)} of {release.archive} "
        "(unpack it there), an .npz file, or a folder of images with one folder a class"
    )


def _open_files(release: _Release, files: list[Path]) -> ArrayDataset:
    binary = files[0].suffix == _BINARY
    parts = [(_read_binary if binary else _read_python)(release, file) for file in files]
    images = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    return ArrayDataset(release.name, images, labels, _names(release, files[0].parent, binary))


def _read_python(release: _Release, file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = read_batch(file, "CIFAR batch")
    images = batch_images(batch, SIDE, file)
    allowed = range(release.classes)
    return images, batch_labels(batch, release.labels, len(images), allowed, file)


def _read_binary(release: _Release, file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read records of the labels and then all red, green and blue values of an image."""
    with open_file(file, DatasetError, _ADVICE) as opened, boundary(file, DatasetError, _ADVICE):
        content = np.fromfile(opened, np.uint8)
    width = release.label_bytes + _PIXELS
    if not len(content) or len(content) % width:
        raise DatasetError(
            f"{file} is no binary file of {release.name}: expected {width} bytes for each image, "
            f"got {len(content)} in all"
        )
    records = content.reshape(-1, width)
    images = records[:, release.label_bytes :].reshape(-1, 3, SIDE, SIDE)
    labels = records[:, release.label_bytes - 1]
    return images, whole_labels(labels, range(release.classes), file)


def _names(release: _Release, folder: Path, binary: bool) -> tuple[str, ...]:
    """Return the names of the classes, or none where their file is absent."""
    if binary:
        listed = folder / release.binary_names
        if not is_file(listed):
            return ()
        return tuple(read_text(listed, error=DatasetError, what="the names of classes").split())
    file, key = folder / release.names[0], release.names[1]
    return batch_names(read_batch(file, "CIFAR batch"), key, file) if is_file(file) else ()


def _span(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
