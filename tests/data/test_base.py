from __future__ import annotations

import resource
import threading
import time

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from naslib_proxydata.data import base
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError


class Slow(Dataset):
    """Images that say their index, the first of which take longest; counts what is read."""

    def __init__(self, count: int = 40, readers: int = 0) -> None:
        self.name = "slow"
        self.count = count
        self.readers = readers
        self.labels = np.arange(count) % 3
        self.reads = 0
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return self.count

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        self.reads += 1
        self.threads.add(threading.get_ident())
        time.sleep(0.02 if indices[0] < 10 else 0)
        return torch.from_numpy(indices.astype(np.uint8)).view(-1, 1, 1, 1).repeat(1, 3, 2, 2)


class Large(Slow):
    """Images of 224 x 224 pixels; knows how many were asked for at once."""

    most_at_once = 0

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        self.most_at_once = max(self.most_at_once, len(indices))
        values = torch.from_numpy(indices.astype(np.uint8)).view(-1, 1, 1, 1)
        return values.expand(-1, 3, 224, 224).contiguous()


@pytest.mark.parametrize("readers", [1, 2, 5])
def test_batches_do_not_depend_on_the_number_of_readers(readers: int) -> None:
    def batches(number: int) -> list[list[int]]:
        loader = BatchLoader(Slow(readers=number), batch_size=4)
        return [batch.images[:, 0, 0, 0].tolist() + batch.indices.tolist() for batch in loader]

    assert batches(readers) == batches(0)


def test_readers_are_threads_that_run_a_bounded_way_ahead() -> None:
    dataset = Slow(400, readers=2)
    BatchLoader(dataset, batch_size=4).dataset.statistics  # noqa: B018  read once, beforehand
    dataset.reads = 0
    dataset.threads.clear()
    loader = iter(BatchLoader(dataset, batch_size=4))
    next(loader)
    time.sleep(0.1)
    assert dataset.reads <= 3
    assert threading.get_ident() not in dataset.threads
    loader.close()  # type: ignore[attr-defined]
    assert dataset.reads <= 4


def test_an_error_of_a_reader_is_an_error_of_the_loader() -> None:
    class Damaged(Slow):
        def pixels(self, indices: NDArray[np.int64]) -> Tensor:
            if 17 in indices:
                raise DatasetError("image 17 is damaged")
            return super().pixels(indices)

    read = Damaged(readers=2).ahead(Damaged().pixels, np.array_split(np.arange(40), 10))
    with pytest.raises(DatasetError, match="image 17"):
        list(read)


def test_statistics_are_exact_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (70, 3, 5, 4), np.uint8)
    images[:, 2] = 9  # a channel without any deviation
    whole = ArrayDataset("a", images).statistics
    monkeypatch.setattr(base, "BYTES_AT_ONCE", 7 * images[0].size)
    assert ArrayDataset("a", images).statistics == whole
    np.testing.assert_allclose(whole[0], (images / 255).mean((0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(whole[1][:2], (images[:, :2] / 255).std((0, 2, 3)), rtol=1e-14)
    assert whole[1][2] == 1e-6
    halves = ArrayDataset("b", np.array([[[0]], [[255]]], np.uint8)).statistics
    assert halves == ((0.5,), (0.5,))


def test_a_fingerprint_does_not_depend_on_how_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = open_dataset("digits")
    assert digits.fingerprint.startswith("db5993b1d775f7f5")  # as before images were cut
    monkeypatch.setattr(base, "BYTES_AT_ONCE", 1)
    assert open_dataset("digits").fingerprint == digits.fingerprint


def test_a_thousand_large_images_are_looked_at_in_bounded_memory() -> None:
    """32 MiB of pixels at a time, 222 images; 1,000 as float64 with their squares took 3.4 GiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dataset = Large(1000)
    assert len(dataset.fingerprint) == 64
    mean = np.mean(np.arange(1000).astype(np.uint8)) / 255
    np.testing.assert_allclose(dataset.statistics[0], [mean] * 3, rtol=1e-12)
    assert dataset.most_at_once == 2**25 // (3 * 224 * 224) == 222
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400 * 1024  # KiB
