"""The idx files of MNIST and its relatives, gzipped or not."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.files import expanded

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
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from None
    header = content[:4]
    if len(header) < 4 or header[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise DatasetError(f"{path} is not an idx file of unsigned bytes: it starts {header!r}")
    start = 4 + 4 * header[3]
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    if len(shape) != header[3] or len(content) - start != int(np.prod(shape)):
        raise DatasetError(
            f"{path} is cut short: its header says {shape}, {len(content) - start} values follow"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _find(folder: Path, stem: str) -> Path:
    for name in (f"{stem}.gz", stem):
        if (folder / name).is_file():
            return folder / name
    raise DatasetError(
        f"no {stem}.gz in {folder}; install Debian's package dataset-fashion-mnist, or give the "
        "folder as fashion-mnist:PATH"
    )
