"""A dataset that lies in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor


class ArrayDataset(Dataset):
    """Images and labels held as arrays.

    Args:
        name: What reports call it.
        images: uint8, shape (n, channels, h, w), or (n, h, w) for grey images.
        labels: Classes counted from 0, shape (n,), or None.
        class_names: Names of the classes.
        source_index: Positions in the larger dataset this is a part of, shape (n,), or None.

    Raises:
        DatasetError: The shapes, the type or the labels are not as said.
    """

    def __init__(
        self,
        name: str,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64] | None = None,
        class_names: Sequence[str] = (),
        source_index: NDArray[np.int64] | None = None,
    ) -> None:
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or len(images) == 0:
            raise DatasetError(
                f"dataset {name!r}: images must be uint8 of shape (n, channels, h, w) or "
                f"(n, h, w) with n > 0, got {images.dtype} of shape {images.shape}"
            )
        stacked = images[:, None] if images.ndim == 3 else images
        self.name = name
        self.images: Tensor = torch.from_numpy(np.require(stacked, requirements=["C", "W"]))
        self.class_names = tuple(class_names)
        self.labels = None if labels is None else check_labels(name, labels, len(images))
        self.source_index = None if source_index is None else source_index.astype(np.int64)

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.images)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), channels, h, w)."""
        return self.images[torch.from_numpy(np.asarray(indices, dtype=np.int64))]


def check_labels(name: str, labels: NDArray[np.generic], count: int) -> NDArray[np.int64]:
    """Return labels as int64 after checking that they are classes of ``count`` examples.

    Raises:
        DatasetError: There are more or fewer, or they are not integers counted from 0.
    """
    if labels.shape != (count,):
        raise DatasetError(
            f"dataset {name!r}: {count} images need labels of shape ({count},), got {labels.shape}"
        )
    whole = labels.astype(np.int64)
    if not np.array_equal(whole, labels) or whole.min() < 0:
        raise DatasetError(
            f"dataset {name!r}: labels must be whole numbers counted from 0, got "
            f"{labels.dtype} from {labels.min()} to {labels.max()}"
        )
    return whole
