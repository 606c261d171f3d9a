"""Batches of a part of a dataset, in a random order that its generator decides."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from naslib_proxydata.data.transforms import CropAndFlip, Normalise
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset


class Batch(NamedTuple):
    """A batch of examples.

    Attributes:
        images: float32, normalised, shape (n, channels, h, w).
        labels: int64, shape (n,); -1 where the dataset is unlabelled.
        indices: Dataset indices, int64, shape (n,), on the CPU.
        weights: What each example's loss is multiplied with, float32, shape (n,); None for 1.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor
    weights: Tensor | None = None


class BatchLoader:
    """Iterates over a part of a dataset; each iteration is one epoch.

    The last batch may be smaller, but it is never a single example where there are two or more:
    batch normalisation cannot train on one. Where the dataset has readers, batches are read ahead
    by them; their contents and order do not depend on the number of readers.

    Args:
        dataset: Where images and labels come from.
        indices: Which examples; all where None.
        weights: Weight of each of them in the loss, in their order; None for 1.
        batch_size: Examples in a batch.
        generator: A CPU generator for order and augmentation; None keeps the order of
            ``indices`` and augments nothing. On another device the augmentation draws from a
            generator of that device, seeded by this one in every epoch.
        augment: The augmentation, used where there is a generator; None for none.
        device: Where batches go. The host waits for it in no batch: labels and weights go there
            once an epoch, images from pinned memory.
        resident: All images of the dataset on the device, of which batches are then parts; None
            to copy each batch.

    Raises:
        DatasetError: The batch size is below 2 or an index is outside the dataset.
    """

    def __init__(
        self,
        dataset: Dataset,
        indices: NDArray[np.int64] | None = None,
        *,
        batch_size: int,
        generator: torch.Generator | None = None,
        augment: CropAndFlip | None = None,
        device: str | torch.device = "cpu",
        weights: NDArray[np.float64] | None = None,
        resident: Tensor | None = None,
    ) -> None:
        if batch_size < 2:
            raise DatasetError(f"the batch size must be at least 2, got {batch_size}")
        chosen = np.arange(len(dataset)) if indices is None else np.asarray(indices, np.int64)
        if len(chosen) and not (chosen.min() >= 0 and chosen.max() < len(dataset)):
            raise DatasetError(
                f"indices {chosen.min()} to {chosen.max()} do not fit dataset {dataset.name!r} "
                f"of {len(dataset)} examples"
            )
        self.dataset = dataset
        self.indices = torch.from_numpy(chosen)
        self._weights = None
        if weights is not None:  # by dataset index, so that a batch finds those of its examples
            self._weights = torch.ones(len(dataset))
            self._weights[self.indices] = torch.from_numpy(weights).float()
        self.batch_size = batch_size
        self._generator = generator
        self._augment = augment
        self._device = torch.device(device)
        self._resident = resident
        self._normalise = Normalise(*dataset.statistics)
        labels = dataset.labels
        self._labels = None if labels is None else torch.from_numpy(labels)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(batch_sizes(len(self.indices), self.batch_size))

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        order = self.indices
        if self._generator is not None:
            order = order[torch.randperm(len(order), generator=self._generator)]
        ends = list(accumulate(batch_sizes(len(order), self.batch_size)))
        bounds = list(zip(chain((0,), ends), ends, strict=False))
        draws = self._draws()
        labels = torch.full_like(order, -1) if self._labels is None else self._labels[order]
        labels = self._sent(labels)
        weights = None if self._weights is None else self._sent(self._weights[order])
        for (start, end), images in zip(bounds, self._images(order, bounds), strict=True):
            if draws is not None and self._augment is not None:
                images = self._augment(images, draws)
            yield Batch(
                self._normalise(images),
                labels[start:end],
                order[start:end],
                None if weights is None else weights[start:end],
            )

    def _images(self, order: Tensor, bounds: list[tuple[int, int]]) -> Iterator[Tensor]:
        """Yield the images of each batch on the device, before augmentation."""
        if self._resident is not None:
            places = self._sent(order)
            yield from (self._resident.index_select(0, places[start:end]) for start, end in bounds)
            return
        numbers = order.numpy()
        batches = (numbers[start:end] for start, end in bounds)
        yield from map(self._sent, self.dataset.ahead(self.dataset.pixels, batches))

    def _draws(self) -> torch.Generator | None:
        """Return the generator of an epoch's augmentation, on the device that augments."""
        if self._generator is None or self._device.type == "cpu":
            return self._generator
        seed = torch.randint(2**62, (1,), generator=self._generator).item()
        return torch.Generator(self._device).manual_seed(int(seed))

    def _sent(self, values: Tensor) -> Tensor:
        """Return values of the host on the device; a copy to a GPU is not waited for."""
        pinned = values.pin_memory() if self._device.type == "cuda" else values
        return pinned.to(self._device, non_blocking=True)


def batch_sizes(count: int, batch_size: int) -> list[int]:
    """Cut ``count`` examples into batches, none of them of one example if count >= 2.

    A single example left over makes the batch before it larger by one.
    """
    whole, rest = divmod(count, batch_size)
    sizes = [batch_size] * whole + ([rest] if rest else [])
    if rest == 1 and whole:
        sizes[-2:] = [batch_size + 1]
    return sizes
