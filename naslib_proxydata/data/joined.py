"""Two datasets of the same classes in a row, one for each level of a search."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class JoinedDataset(Dataset):
    """The examples of one dataset, then those of another.

    Images of both are normalised by the statistics of the first, since one network sees both.

    Args:
        first: A labelled dataset.
        second: Another one, of the same classes and image shape.

    Raises:
        DatasetError: One has no labels, or classes or shapes differ.
    """

    def __init__(self, first: Dataset, second: Dataset) -> None:
        _check_alike(first, second)
        self.name = f"{first.name} and {second.name}"
        why = "joining two datasets"
        self.labels = np.concatenate([first.required_labels(why), second.required_labels(why)])
        self.class_names = first.class_names or second.class_names
        self.readers = min(first.readers, second.readers)
        self.first, self.second = first, second

    def __len__(self) -> int:
        """Return the number of examples of both."""
        return len(self.first) + len(self.second)

    @property
    def readable(self) -> NDArray[np.int64]:
        """Indices of the examples that can be read, ascending."""
        return np.concatenate([self.first.readable, self.second.readable + len(self.first)])

    @cached_property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation by channel of the first dataset."""
        return self.first.statistics

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), channels, h, w)."""
        split = len(self.first)
        in_first = indices < split
        if in_first.all():
            return self.first.pixels(indices)
        if not in_first.any():
            return self.second.pixels(indices - split)
        parts = [
            self.first.pixels(indices[in_first]),
            self.second.pixels(indices[~in_first] - split),
        ]
        places = np.concatenate([np.flatnonzero(in_first), np.flatnonzero(~in_first)])
        pixels = torch.cat(parts)
        return pixels[torch.from_numpy(np.argsort(places))]


def _check_alike(first: Dataset, second: Dataset) -> None:
    for one in (first, second):
        one.required_labels("a search with an architecture dataset of its own")
    names = f"{first.name!r} (weights) and {second.name!r} (architecture)"
    if first.num_classes != second.num_classes:
        raise DatasetError(
            f"expected the same classes in {names}, got {first.num_classes} and "
            f"{second.num_classes}; take another split of the same dataset"
        )
    if first.class_names and second.class_names and first.class_names != second.class_names:
        raise DatasetError(
            f"expected the same classes in the same order in {names}, got "
            f"{', '.join(first.class_names[:3])}, ... and {', '.join(second.class_names[:3])}, ..."
        )
    shapes = [tuple(one.pixels(np.array([0])).shape[1:]) for one in (first, second)]
    if shapes[0] != shapes[1]:
        raise DatasetError(
            f"expected images of one shape in {names}, got {shapes[0]} and {shapes[1]}; give "
            "--image-size for folders, or convert one of them"
        )
