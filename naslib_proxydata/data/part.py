"""Some of the examples of a dataset, as a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.data.base import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def readable_part(dataset: Dataset) -> Dataset:
    """Return the dataset, or where some of its examples cannot be read, the others."""
    readable = dataset.readable
    return dataset if len(readable) == len(dataset) else PartDataset(dataset, readable)


class PartDataset(Dataset):
    """The examples of another dataset at some indices, which know where they stand in it.

    Args:
        whole: The other dataset.
        indices: Which of its examples, ascending, int64, shape (n,).
    """

    def __init__(self, whole: Dataset, indices: NDArray[np.int64]) -> None:
        self.name = whole.name
        self.class_names = whole.class_names
        self.readers = whole.readers
        self.indices = indices
        self.labels = None if whole.labels is None else whole.labels[indices]
        beyond = whole.source_index
        self.source_index = indices if beyond is None else beyond[indices]
        self._whole = whole

    @property
    def readable(self) -> NDArray[np.int64]:
        """Positions of those examples of the part that the whole can read."""
        return np.flatnonzero(np.isin(self.indices, self._whole.readable))

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.indices)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), channels, h, w)."""
        return self._whole.pixels(self.indices[indices])
