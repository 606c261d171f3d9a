"""What a dataset is: examples in a fixed order that give their own index."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FINGERPRINT_SAMPLES = 256
STATISTICS_SAMPLES = 10_000


class Dataset(ABC):
    """A map-style dataset of images: ``dataset[i]`` gives (image, label, i).

    Images are uint8 tensors of shape (channels, h, w), all of one shape. A dataset that does
    not fit in memory reads its images when :meth:`pixels` asks for them.

    Attributes:
        name: What reports call it, such as ``"cifar10"``.
        labels: int64 classes counted from 0, shape (len(self),), or None where unlabelled.
        class_names: Names of the classes; empty where they have none.
        source_index: Position of each example in the larger dataset it is a part of, int64,
            shape (len(self),), or None for a whole dataset. Published score lists are read
            through it.
    """

    name: str
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    source_index: NDArray[np.int64] | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of examples."""

    @abstractmethod
    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), channels, h, w)."""

    def __getitem__(self, index: int) -> tuple[Tensor, int, int]:
        """Return one image, its label (-1 where unlabelled) and its index.

        Raises:
            IndexError: The index is outside 0 to len(self) - 1, which ends iteration.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside dataset {self.name!r} of {len(self)}")
        label = -1 if self.labels is None else int(self.labels[index])
        return self.pixels(np.array([index]))[0], label, int(index)

    @property
    def num_classes(self) -> int:
        """The number of classes, 0 where unlabelled."""
        if self.labels is None:
            return 0
        return len(self.class_names) or int(self.labels.max()) + 1

    def required_labels(self, why: str) -> NDArray[np.int64]:
        """Return the labels of a dataset that must have them.

        Args:
            why: Who needs them, such as ``"selector 'class-random'"``.

        Raises:
            DatasetError: The dataset is unlabelled.
        """
        if self.labels is None:
            raise DatasetError(
                f"{why} needs class labels, dataset {self.name!r} has none; "
                "use a labelled dataset or a method that needs no labels"
            )
        return self.labels

    @cached_property
    def fingerprint(self) -> str:
        """sha256 that tells datasets apart without reading all of them.

        It covers the number of examples, the image shape, all labels and the pixels of 256
        evenly spaced examples, so a dataset in another order has another fingerprint.
        """
        sampled = self.pixels(evenly_spaced(len(self), FINGERPRINT_SAMPLES))
        digest = hashlib.sha256(f"{len(self)} {tuple(sampled.shape)}".encode())
        if self.labels is not None:
            digest.update(self.labels.astype("<i8").tobytes())
        digest.update(sampled.contiguous().numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation by channel, of pixels in [0, 1].

        Taken over at most 10,000 evenly spaced examples.
        """
        picked = evenly_spaced(len(self), STATISTICS_SAMPLES)
        total = torch.zeros(0, dtype=torch.float64)
        squares, count = total, 0
        for chunk in np.array_split(picked, max(1, len(picked) // 1000)):
            values = self.pixels(chunk).transpose(0, 1).flatten(1).double() / 255  # c x pixels
            first = count == 0
            total = values.sum(1) if first else total + values.sum(1)
            squares = (values**2).sum(1) if first else squares + (values**2).sum(1)
            count += values.shape[1]
        mean = total / count
        std = (squares / count - mean**2).clamp_min(0).sqrt().clamp_min(1e-6)
        return tuple(mean.tolist()), tuple(std.tolist())


def evenly_spaced(size: int, count: int) -> NDArray[np.int64]:
    """Return at most ``count`` indices spread evenly over 0 to ``size`` - 1."""
    return np.unique(np.linspace(0, size - 1, min(size, count)).round().astype(np.int64))
