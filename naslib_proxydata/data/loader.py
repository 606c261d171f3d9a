"""Batches of a part of a dataset, in a random order that its generator decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from naslib_proxydata.data.transforms import Normalise
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset


Augmentation = Callable[["Tensor", torch.Generator], "Tensor"]
"""Maps images (n, channels, h, w) to others, drawing from a generator on their device."""
Share = Callable[[int], tuple[int, int]]
"""First and past-the-last place of one process's examples in a batch of so many."""


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
        draws: What the augmentation draws from instead, a generator on ``device``.
        augment: The augmentation, used where there is a generator; None for none.
        erase: What is then done to normalised images, such as cutout; None for nothing.
        crop: What is done to images that are not augmented; None for nothing.
        statistics: Mean and deviation by channel to normalise by; None for the dataset's.
        share: Which examples of each batch to yield; all where None.
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
        draws: torch.Generator | None = None,
        augment: Augmentation | None = None,
        erase: Augmentation | None = None,
        crop: Callable[[Tensor], Tensor] | None = None,
        statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None,
        share: Share | None = None,
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
        self._generator, self._own_draws = generator, draws
        self._augment, self._erase, self._crop = augment, erase, crop
        self._share = share
        self._device = torch.device(device)
        self._resident = resident
        self._normalise = Normalise(*(statistics or dataset.statistics))
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
        bounds = self._bounds(len(order))
        draws = self._draws()
        labels = torch.full_like(order, -1) if self._labels is None else self._labels[order]
        labels = self._sent(labels)
        weights = None if self._weights is None else self._sent(self._weights[order])
        for (start, end), images in zip(bounds, self._images(order, bounds), strict=True):
            yield Batch(
                self._prepared(images, draws),
                labels[start:end],
                order[start:end],
                None if weights is None else weights[start:end],
            )

    def _bounds(self, count: int) -> list[tuple[int, int]]:
        """Return first and past-the-last place of each batch, or of its part that is shared."""
        ends = list(accumulate(batch_sizes(count, self.batch_size)))
        whole = list(zip(chain((0,), ends), ends, strict=False))
        if self._share is None:
            return whole
        parts = [(start, self._share(end - start)) for start, end in whole]
        return [(start + first, start + last) for start, (first, last) in parts]

    def _prepared(self, images: Tensor, draws: torch.Generator | None) -> Tensor:
        """Return pixels augmented and normalised, or cropped and normalised."""
        if draws is None:
            return self._normalise(images if self._crop is None else self._crop(images))
        if self._augment is not None:
            images = self._augment(images, draws)
        images = self._normalise(images)
        return images if self._erase is None else self._erase(images, draws)

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
        if self._own_draws is not None:
            return self._own_draws
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
