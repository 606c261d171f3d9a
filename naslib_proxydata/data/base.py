"""What a dataset is: examples in a fixed order that give their own index."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor

FINGERPRINT_SAMPLES = 256
STATISTICS_SAMPLES = 10_000
BYTES_AT_ONCE = 2**25
"""Bytes of pixels that are looked at together where a dataset is read through."""

Read = TypeVar("Read")


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
        readers: Threads that read ahead, for datasets that may be read by several threads at
            once; 0 where images are read when they are asked for.
    """

    name: str
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    source_index: NDArray[np.int64] | None = None
    readers: int = 0

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
    def readable(self) -> NDArray[np.int64]:
        """Indices of the examples that can be read, ascending: all, but for damaged files."""
        return np.arange(len(self))

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
        sampled = evenly_spaced(len(self), FINGERPRINT_SAMPLES)
        shape = (len(sampled), *self.pixels(sampled[:1]).shape[1:])
        digest = hashlib.sha256(f"{len(self)} {shape}".encode())
        if self.labels is not None:
            digest.update(self.labels.astype("<i8").tobytes())
        for pixels in self.read_through(sampled):
            digest.update(pixels.contiguous().numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation by channel, of pixels in [0, 1].

        Taken over at most 10,000 evenly spaced of the examples that can be read, from the number
        of times that each of the 256 values occurs: exact sums, however the examples are cut into
        batches.
        """
        readable = self.readable
        sampled = readable[evenly_spaced(len(readable), STATISTICS_SAMPLES)]
        occurrences = np.zeros((1, 256), np.int64)  # channels x values, or 1 x values before
        for pixels in self.read_through(sampled):
            if pixels.dtype != torch.uint8:
                raise DatasetError(
                    f"dataset {self.name!r}: its images must be uint8, 0 to 255, got {pixels.dtype}"
                )
            channels = pixels.transpose(0, 1).flatten(1)
            counted = [torch.bincount(channel, minlength=256).numpy() for channel in channels]
            occurrences = occurrences + np.stack(counted)
        moments = [_mean_and_deviation(channel) for channel in occurrences]
        return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)

    def read_through(self, indices: NDArray[np.int64]) -> Iterator[Tensor]:
        """Yield the images of all indices in their order, a bounded number of bytes at a time."""
        one = self.pixels(indices[:1]).numel()
        length = max(1, BYTES_AT_ONCE // one)
        starts = range(0, len(indices), length)
        return self.ahead(self.pixels, (indices[start : start + length] for start in starts))

    def ahead(
        self,
        read: Callable[[NDArray[np.int64]], Read],
        batches: Iterable[NDArray[np.int64]],
    ) -> Iterator[Read]:
        """Yield ``read(batch)`` of every batch in order, some of them read ahead by threads.

        There are :attr:`readers` threads, and at most one result more than there are threads is
        made before it is asked for. What is yielded does not depend on their number.
        """
        if not self.readers:
            yield from map(read, batches)
            return
        pool = ThreadPoolExecutor(self.readers, thread_name_prefix="reader")
        waiting: deque[Future[Read]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(read, batch))
                if len(waiting) > self.readers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _mean_and_deviation(occurrences: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean and standard deviation of byte values / 255 by their occurrences, shape (256,).

    With n = sum_v h_v: mean = sum_v h_v v / (255 n), and the variance is
    (n sum_v h_v v^2 - (sum_v h_v v)^2) / (255 n)^2, in whole numbers up to the division.
    """
    counts = [int(count) for count in occurrences]
    n = sum(counts)
    first = sum(count * value for value, count in enumerate(counts))
    second = sum(count * value**2 for value, count in enumerate(counts))
    variance = (n * second - first**2) / (255 * n) ** 2
    return first / (255 * n), max(variance**0.5, 1e-6)


def evenly_spaced(size: int, count: int) -> NDArray[np.int64]:
    """Return at most ``count`` indices spread evenly over 0 to ``size`` - 1."""
    return np.unique(np.linspace(0, size - 1, min(size, count)).round().astype(np.int64))
