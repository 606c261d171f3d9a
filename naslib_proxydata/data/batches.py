"""Pickled batches of small images, as CIFAR and the downsampled ImageNet are published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import DatasetError
from naslib_proxydata.unpickle import ARRAYS, unpickle


def read_batch(path: Path, kind: str) -> Mapping[str, Any]:
    """Read one pickled dictionary, of Python 2 or 3.

    Args:
        path: The file.
        kind: What errors call it, such as ``"CIFAR batch"``.

    Raises:
        DatasetError: It is absent, damaged, hostile, or no dictionary.
    """
    try:
        with path.open("rb") as opened:
            source = f"the {kind} {path}"
            content = unpickle(opened, source, ARRAYS, error=DatasetError, encoding="bytes")
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror or error}") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{path} is not a {kind}: it holds a {type(content).__name__}")
    return {_text(key): value for key, value in content.items()}


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
    return rows.reshape(-1, 3, side, side)


def batch_labels(batch: Mapping[str, Any], key: str, count: int, source: Path) -> NDArray[np.int64]:
    """Return the labels of the ``count`` images of a batch, int64, shape (count,).

    Raises:
        DatasetError: There are none, more or fewer, or they are not whole numbers.
    """
    labels = _array(batch, key, source)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise DatasetError(
            f"{source}: expected {count} whole numbers as {key}, got {labels.dtype} of shape "
            f"{labels.shape}"
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
    return tuple(_text(name) for name in names)


def _array(batch: Mapping[str, Any], key: str, source: Path) -> NDArray[Any]:
    if key not in batch:
        raise DatasetError(f"{source} holds no {key}; found {_found(batch)}")
    try:
        return np.asarray(batch[key])
    except ValueError as error:
        raise DatasetError(f"{source}: {key} is no array: {error}") from None


def _found(batch: Mapping[str, Any]) -> str:
    return ", ".join(sorted(batch)) or "nothing"


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
