"""Datasets in numpy's ``.npz`` files, without pickled objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.labels import text_of
from naslib_proxydata.data.paths import required_path
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.numpy_files import read_npz

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

IMAGE_KEYS = ("images", "image", "x", "x_train", "data")
LABEL_KEYS = ("labels", "label", "y", "y_train", "targets")


def open_npz(path: str = "", name: str = "") -> ArrayDataset:
    """Read a dataset from an ``.npz`` file.

    Images are found under ``images``, ``image``, ``x``, ``x_train`` or ``data`` in any layout and
    unit that :class:`~naslib_proxydata.data.arrays.ArrayDataset` understands, or under
    ``residual`` in the lossless layout of :func:`decode_residual`. Labels (``labels``, ``label``,
    ``y``, ``y_train`` or ``targets``), ``class_names`` and ``index`` (positions in a larger
    dataset, -1 where not known) may be absent.

    Raises:
        DatasetError: There is no path, or the file is absent, damaged, holds pickles or lacks
            images.
    """
    file = required_path(path, "npz")
    arrays = read_arrays(file)
    name = name or file.stem
    labels = _first(arrays, LABEL_KEYS)
    names = [text_of(value) for value in np.ravel(arrays.get("class_names", []))]
    index = arrays.get("index")
    known = index is not None and not _unknown(index)
    return ArrayDataset(
        name,
        _images(arrays, path),
        labels,
        names,
        index if known else None,
    )


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of an ``.npz`` file; pickled objects are refused.

    Raises:
        DatasetError: The file is absent, damaged or holds pickled objects.
    """
    return read_npz(path, DatasetError, "check the path, or save its arrays again")


def decode_residual(residual: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undo the horizontal, vertical and green-minus differences of a lossless residual.

    All arithmetic is modulo 256: p = cumsum over rows, then columns; p_red += p_green and
    p_blue += p_green.

    Args:
        residual: uint8, shape (n, 3, h, w).

    Returns:
        RGB images, uint8, shape (n, 3, h, w).

    Raises:
        DatasetError: It has another type or shape.
    """
    if residual.dtype != np.uint8 or residual.ndim != 4 or residual.shape[1] != 3:
        raise DatasetError(
            f"a residual must be uint8 of shape (n, 3, h, w), got {residual.dtype} of shape "
            f"{residual.shape}"
        )
    rows = np.cumsum(residual, axis=2, dtype=np.uint8)
    images = np.cumsum(rows, axis=3, dtype=np.uint8)
    images[:, 0] += images[:, 1]
    images[:, 2] += images[:, 1]
    return images


def _unknown(index: NDArray[Any]) -> bool:
    """Return whether positions are not known, which -1 says."""
    return index.dtype.kind in "iu" and (index.size == 0 or bool(index.min() < 0))


def _images(arrays: Mapping[str, NDArray[Any]], path: str) -> NDArray[Any]:
    if "residual" in arrays:
        return decode_residual(arrays["residual"])
    images = _first(arrays, IMAGE_KEYS)
    if images is None:
        raise DatasetError(
            f"{path} holds no images: expected an array named {', '.join(IMAGE_KEYS)} or "
            f"residual, found {', '.join(sorted(arrays)) or 'nothing'}"
        )
    return images


def _first(arrays: Mapping[str, NDArray[Any]], keys: tuple[str, ...]) -> NDArray[Any] | None:
    return next((arrays[key] for key in keys if key in arrays), None)
