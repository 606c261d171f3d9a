"""The loader that stands in for NASLib's queues: it knows which examples a batch holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from naslib_proxydata.data.loader import batch_sizes
from naslib_proxydata.errors import SearchError
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from typing_extensions import Self

    from naslib_proxydata.hookspecs import Level


class PassLoader:
    """Yields (images, labels) like NASLib's queues, and goes on where it was left.

    NASLib's trainer begins its validation queue anew for every batch. Here a pass goes on until
    it ends, whoever iterates, so that each example is seen once before any is seen again.

    Args:
        dataset: NASLib's training data; gives (image, label).
        indices: The examples in use.
        batch_size: Examples in a batch; the last may be smaller, but is never a single one.
        seed: Seed of the order.
        level: Whom the batches update; part of the seed.
        workers: Processes that read.
        collate: Makes a batch of examples; torch's default where None.

    Attributes:
        last_indices: Dataset indices of the newest batch, int64, shape (batch,).
    """

    def __init__(
        self,
        dataset: Any,
        indices: NDArray[np.int64],
        *,
        batch_size: int,
        seed: int,
        level: Level,
        workers: int = 0,
        collate: Callable[..., Any] | None = None,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.level = level
        self._seed = seed
        self._workers = workers
        self._collate = collate
        self._epoch = 0
        self._order: list[NDArray[np.int64]] = []
        self._batches: Iterator[Any] = iter(())
        self._next = 0
        self.last_indices = np.zeros(0, dtype=np.int64)
        self.set_indices(indices)

    def set_indices(self, indices: NDArray[np.int64]) -> None:
        """Use these examples from the next pass on.

        Raises:
            SearchError: There are fewer than two, or one is outside the dataset.
        """
        chosen = np.unique(np.asarray(indices, dtype=np.int64))
        if len(chosen) < 2:
            raise SearchError(f"a search needs at least 2 {self.level} examples, got {len(chosen)}")
        if chosen[0] < 0 or chosen[-1] >= len(self.dataset):
            raise SearchError(
                f"{self.level} examples {chosen[0]} to {chosen[-1]} do not fit NASLib's training "
                f"data of {len(self.dataset)} examples"
            )
        self.indices = chosen

    def start(self, epoch: int, length: int | None = None) -> None:
        """Begin the pass of an epoch, whatever is left of the one before.

        Args:
            epoch: The epoch, counting from 1; part of the seed.
            length: Number of batches, beginning anew where the examples run out; one round
                where None.
        """
        self._epoch = epoch
        count = len(self) if length is None else length
        self._order = []
        rounds = 0
        while len(self._order) < count:
            self._order += self._round(rounds)
            rounds += 1
        del self._order[count:]
        self._next = 0
        loader: DataLoader[Any] = DataLoader(
            self.dataset,
            batch_sampler=[batch.tolist() for batch in self._order],
            num_workers=self._workers,
            collate_fn=self._collate,
            pin_memory=torch.cuda.is_available(),
            generator=torch_generator(self._seed, "workers", self.level, epoch),
        )
        self._batches = iter(loader)

    def _round(self, number: int) -> list[NDArray[np.int64]]:
        """Return the batches of one round through all examples, in random order."""
        generator = torch_generator(self._seed, "batches", self.level, self._epoch, number)
        order = self.indices[torch.randperm(len(self.indices), generator=generator).numpy()]
        ends = np.cumsum(batch_sizes(len(order), self.batch_size))
        return np.split(order, ends[:-1])

    def __len__(self) -> int:
        """Return the number of batches of one round."""
        return len(batch_sizes(len(self.indices), self.batch_size))

    def __iter__(self) -> Self:
        """Go on with the pass; begin one where there is none or it has ended."""
        if self._next == len(self._order):
            self.start(self._epoch + 1 if self._order else self._epoch)
        return self

    def __next__(self) -> Any:
        """Return the next batch as NASLib expects it, two tensors."""
        if self._next == len(self._order):
            raise StopIteration
        batch = next(self._batches)
        self.last_indices = self._order[self._next]
        self._next += 1
        return tuple(batch[:2])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the loader itself: NASLib copies its queues for every architecture."""
        return self
