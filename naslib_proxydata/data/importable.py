"""Any importable map-style dataset, such as torchvision's, seen as ours."""

from __future__ import annotations

import importlib
from collections.abc import Sized
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from naslib_proxydata.data.arrays import check_labels
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class WrappedDataset(Dataset):
    """A map-style dataset of images, or of (image, label, ...) items.

    Images are uint8 of shape (h, w), (h, w, c) or (c, h, w), floats in [0, 1], or PIL images.
    Labels are taken from the attribute ``targets`` or ``labels`` where there is one, else read
    item by item, once.

    Args:
        name: What reports call it.
        source: The dataset: ``len`` and indexing are all it must have.
    """

    def __init__(self, name: str, source: Any) -> None:
        if not isinstance(source, Sized) or not hasattr(source, "__getitem__") or not len(source):
            raise DatasetError(
                f"{name!r} is no map-style dataset: expected len > 0 and indexing, got "
                f"{type(source).__name__}"
            )
        self.name = name
        self._source: Any = source
        self._pairs = isinstance(source[0], (tuple, list))
        self.class_names = tuple(str(name) for name in getattr(source, "classes", ()))
        self.labels = self._find_labels()

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._source)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Read images, uint8, shape (len(indices), channels, h, w)."""
        images = [self._image(int(index)) for index in indices]
        if len({image.shape for image in images}) > 1:
            raise DatasetError(
                f"dataset {self.name!r} gives images of different shapes, "
                f"{images[0].shape} among them; resize them in the dataset"
            )
        return torch.stack(images)

    def _image(self, index: int) -> Tensor:
        item = self._source[index]
        return to_uint8(item[0] if self._pairs else item, self.name)

    def _find_labels(self) -> NDArray[np.int64] | None:
        for attribute in ("targets", "labels"):
            known = getattr(self._source, attribute, None)
            if known is not None:
                return check_labels(self.name, np.asarray(known), len(self))
        if not self._pairs:
            return None
        read = np.array([int(self._source[index][1]) for index in range(len(self))])
        return check_labels(self.name, read, len(self))


def to_uint8(image: Any, name: str) -> Tensor:
    """Turn an image of any usual kind into uint8 of shape (channels, h, w).

    Raises:
        DatasetError: It is neither uint8 nor floats in [0, 1], or has no image's shape.
    """
    array = image if isinstance(image, torch.Tensor) else torch.from_numpy(np.array(image))
    if array.is_floating_point():
        if not bool(((array >= 0) & (array <= 1)).all()):
            raise DatasetError(
                f"dataset {name!r}: float images must lie in [0, 1], got {float(array.min()):.3g} "
                f"to {float(array.max()):.3g}; leave the normalisation out of the dataset"
            )
        array = (array * 255).round().to(torch.uint8)
    if array.dtype != torch.uint8 or array.ndim not in (2, 3):
        raise DatasetError(
            f"dataset {name!r}: images must be uint8 or floats in [0, 1] with 2 or 3 dimensions, "
            f"got {array.dtype} of shape {tuple(array.shape)}"
        )
    if array.ndim == 2:
        return array[None]
    last_is_channel = array.shape[2] in (1, 3) and array.shape[0] not in (1, 3)
    return array.permute(2, 0, 1) if last_is_channel else array


def open_importable(path: str) -> WrappedDataset:
    """Open ``module:attribute``; a callable attribute is called without arguments.

    Raises:
        DatasetError: It cannot be imported or is no map-style dataset.
    """
    module, _, attribute = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
        source = found if hasattr(type(found), "__getitem__") else found()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise DatasetError(
            f"cannot open dataset {path!r}: {error}; expected module:attribute of a map-style "
            "dataset, or of a function that returns one"
        ) from None
    return WrappedDataset(path, source)
