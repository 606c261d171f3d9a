"""The idx files of MNIST and its relatives, gzipped or not."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path
from typing import IO, Final

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.paths import is_file
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.files import expanded
from naslib_proxydata.memory import check_fits_in_memory
from naslib_proxydata.numpy_files import DEFLATED_AT_MOST
from naslib_proxydata.opening import open_file

_ADVICE: Final = "get it again from its official place"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
UNSIGNED_BYTE = 8
CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def open_fashion_mnist(path: str = "") -> ArrayDataset:
    """Open the 60,000 training images of Fashion-MNIST (arXiv 1708.07747): 28 x 28, grey.

    Args:
        path: Folder of ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte`` (``.gz`` or
            not); that of Debian's package ``dataset-fashion-mnist`` where empty.

    Raises:
        DatasetError: A file is absent or damaged.
    """
    folder = expanded(path) if path else DEBIAN
    images = read_idx(_find(folder, "train-images-idx3-ubyte"))
    labels = read_idx(_find(folder, "train-labels-idx1-ubyte"))
    return ArrayDataset("fashion-mnist", images, labels.astype(np.int64), CLASSES)


def read_idx(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read one idx file of unsigned bytes; its shape is in its header.

    Layout: two zero bytes, a type code, the number of dimensions, each dimension as a
    big-endian 32-bit number, then the values.

    Raises:
        DatasetError: The file is damaged or holds other numbers than unsigned bytes.
    """
    with open_file(path, DatasetError, _ADVICE) as packed, boundary(path, DatasetError, _ADVICE):
        most = os.fstat(packed.fileno()).st_size
        file: IO[bytes] | gzip.GzipFile = packed
        if path.suffix == ".gz":
            file, most = gzip.GzipFile(fileobj=packed), most * DEFLATED_AT_MOST
        shape = _shape(file, path)
        size = math.prod(shape)
        check_fits_in_memory(size, path, DatasetError, _ADVICE)
        # One more byte, which is not there, has gzip compare its checksum.
        values = file.read(min(size, most) + 1)
    if len(values) != size:
        follow = f"{len(values)} values follow" if len(values) < size else "more values follow"
        raise DatasetError(
            f"{path} is damaged or cut short: its header says {shape}, {follow}; {_ADVICE}"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _shape(file: IO[bytes] | gzip.GzipFile, path: Path) -> tuple[int, ...]:
    """Read the header, and leave the file at the first value."""
    header = file.read(4)
    if len(header) < 4 or header[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise DatasetError(
            f"{path} is not an idx file of unsigned bytes: it starts {header!r}; {_ADVICE}"
        )
    sizes = file.read(4 * header[3])
    if len(sizes) < 4 * header[3]:
        raise DatasetError(f"{path} is cut short in its header; {_ADVICE}")
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _find(folder: Path, stem: str) -> Path:
    for name in (f"{stem}.gz", stem):
        if is_file(folder / name):
            return folder / name
    raise DatasetError(
        f"no {stem}.gz in {folder}; install Debian's package dataset-fashion-mnist, or give the "
        "folder as fashion-mnist:PATH"
    )
