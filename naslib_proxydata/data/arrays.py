"""A dataset that lies in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.image_arrays import brightness, channels_first
from naslib_proxydata.data.labels import class_labels
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor


class ArrayDataset(Dataset):
    """Images and labels held as arrays.

    Args:
        name: What reports call it.
        images: Shape (n, channels, h, w), (n, h, w, channels) or (n, h, w), see
            ``image_arrays.channels_first``; of a type and unit of ``image_arrays.brightness``.
        labels: Classes counted from 0, texts, or one-hot rows, see ``labels.class_labels``; or
            None.
        class_names: Names of the classes.
        source_index: Positions in the larger dataset this is a part of, shape (n,), or None.

    Raises:
        DatasetError: Shapes, types, units, labels or positions are none of these.
    """

    def __init__(
        self,
        name: str,
        images: NDArray[Any],
        labels: NDArray[Any] | None = None,
        class_names: Sequence[str] = (),
        source_index: NDArray[np.int64] | None = None,
    ) -> None:
        stacked = channels_first(images, name)
        pixels = brightness(stacked, name).to_bytes(stacked, name)
        self.name = name
        self.images: Tensor = torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
        self.class_names = tuple(class_names)
        if labels is not None:
            self.labels, self.class_names = class_labels(name, labels, len(images), class_names)
        if source_index is not None:
            self.source_index = self._positions(source_index)

    def _positions(self, index: NDArray[Any]) -> NDArray[np.int64]:
        """Return positions in the larger dataset, of which there must be one for each image."""
        if index.shape != (len(self),) or index.dtype.kind not in "iu":
            got = f"{index.dtype} of shape {index.shape}"
        elif index.min() < 0 or index.max() > np.iinfo(np.int64).max:
            got = f"{index.min()} to {index.max()}"
        else:
            return index.astype(np.int64)
        raise DatasetError(
            f"dataset {self.name!r}: index must hold {len(self)} whole numbers from 0, the "
            f"positions of the images in the larger dataset, got {got}"
        )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.images)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), channels, h, w)."""
        return self.images[torch.from_numpy(np.asarray(indices, dtype=np.int64))]
