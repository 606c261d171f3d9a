"""Pickled batches of small images, as CIFAR and the downsampled ImageNet are published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.labels import text_of
from naslib_proxydata.errors import DatasetError, printable
from naslib_proxydata.opening import open_file
from naslib_proxydata.unpickle import ARRAYS, unpickle

_ADVICE: Final = "get it again from its official place"


def read_batch(path: Path, kind: str) -> Mapping[str, Any]:
    """Read one pickled dictionary, of Python 2 or 3.

    Args:
        path: The file.
        kind: What errors call it, such as ``"CIFAR batch"``.

    Raises:
        DatasetError: It is absent, damaged, hostile, or no dictionary.
    """
    source = f"the {kind} {path}"
    with open_file(path, DatasetError, _ADVICE) as file, boundary(path, DatasetError, _ADVICE):
        content = unpickle(file, source, ARRAYS, error=DatasetError, encoding="bytes")
    if not isinstance(content, dict):
        raise DatasetError(f"{path} is not a {kind}: it holds a {type(content).__name__}")
    return {text_of(key): value for key, value in content.items()}


def batch_images(batch: Mapping[str, Any], side: int, source: Path) -> NDArray[np.uint8]:
    """Return the images of a batch, whose rows hold all red, green and blue values in turn.

    Args:
        batch: A dictionary with an entry ``data``, uint8, shape (n, 3 side^2).
        side: Height and width.
        source: The file, for the error.

    Returns:
        uint8, shape (n, 3, side, side).

    Raises:
        DatasetError: There is no such entry.
    """
    rows = _array(batch, "data", source)
    width = 3 * side * side
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != width:
        raise DatasetError(
            f"{source}: expected data as uint8 of shape (n, {width}), got {rows.dtype} of shape "
            f"{rows.shape}"
        )
    return rows.reshape(len(rows), 3, side, side)


def batch_labels(
    batch: Mapping[str, Any], key: str, count: int, allowed: range, source: Path
) -> NDArray[np.int64]:
    """Return the labels of the ``count`` images of a batch, int64, shape (count,).

    Args:
        batch: A dictionary with an entry of labels.
        key: Which one.
        count: Number of images.
        allowed: What the labels may be.
        source: The file, for the error.

    Raises:
        DatasetError: There are none, more or fewer, or they are other ones than are allowed.
    """
    labels = _array(batch, key, source)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise DatasetError(
            f"{source}: expected {count} whole numbers as {key}, got {labels.dtype} of shape "
            f"{labels.shape}"
        )
    return whole_labels(labels, allowed, source)


def whole_labels(labels: NDArray[Any], allowed: range, source: Path) -> NDArray[np.int64]:
    """Return the whole numbers of a published file as int64, each of them one that is allowed.

    Args:
        labels: Whole numbers, shape (n,).
        allowed: What they may be.
        source: The file, for the error.

    Raises:
        DatasetError: One is not.
    """
    wrong = np.flatnonzero((labels < allowed.start) | (labels >= allowed.stop))
    if len(wrong):
        raise DatasetError(
            f"{source}: expected labels from {allowed.start} to {allowed.stop - 1}, as they are "
            f"published, got {labels[wrong[0]]} for image {wrong[0]}; {_ADVICE}"
        )
    return labels.astype(np.int64)


def batch_names(batch: Mapping[str, Any], key: str, source: Path) -> tuple[str, ...]:
    """Return the names of the classes that a batch of names holds.

    Raises:
        DatasetError: There are none.
    """
    names = batch.get(key)
    if not isinstance(names, list):
        raise DatasetError(f"{source} holds no {key}; found {_found(batch)}")
    return tuple(text_of(name) for name in names)


def _array(batch: Mapping[str, Any], key: str, source: Path) -> NDArray[Any]:
    if key not in batch:
        raise DatasetError(f"{source} holds no {key}; found {_found(batch)}")
    with boundary(f"{source}: {key}", DatasetError, _ADVICE):
        return np.asarray(batch[key])


def _found(batch: Mapping[str, Any]) -> str:
    return printable(", ".join(sorted(batch))[:200]) or "nothing"
