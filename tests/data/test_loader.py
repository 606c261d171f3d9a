from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.loader import BatchLoader, batch_sizes
from naslib_proxydata.data.transforms import CropAndFlip, Normalise
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.seeding import torch_generator


def dataset(count: int = 11) -> ArrayDataset:
    images = np.random.default_rng(0).integers(1, 256, (count, 3, 6, 7), np.uint8)
    return ArrayDataset("toy", images, np.arange(count) % 3)


@given(st.integers(0, 300), st.integers(2, 70))
def test_batches_cover_all_and_are_never_of_one(count: int, batch_size: int) -> None:
    sizes = batch_sizes(count, batch_size)
    assert sum(sizes) == count
    assert count == 1 or 1 not in sizes
    assert all(size == batch_size for size in sizes[:-1])
    assert max(sizes, default=0) <= batch_size + 1


def test_an_epoch_visits_every_chosen_example_once_with_its_own_image_and_label() -> None:
    toy = dataset()
    chosen = np.array([0, 2, 3, 5, 7, 8, 10])
    loader = BatchLoader(toy, chosen, batch_size=3, generator=torch_generator(0))
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    indices = torch.cat([batch.indices for batch in batches])
    assert sorted(indices.tolist()) == chosen.tolist()
    assert indices.tolist() != chosen.tolist()
    expected = Normalise(*toy.statistics)(toy.pixels(indices.numpy()))
    assert torch.equal(torch.cat([batch.images for batch in batches]), expected)
    assert torch.equal(torch.cat([batch.labels for batch in batches]), indices % 3)


def test_epochs_differ_and_the_seed_repeats_them() -> None:
    def epochs(seed: int) -> list[list[int]]:
        loader = BatchLoader(dataset(), batch_size=4, generator=torch_generator(seed))
        return [torch.cat([batch.indices for batch in loader]).tolist() for _ in range(2)]

    first, second = epochs(1)
    assert first != second
    assert epochs(1) == [first, second]
    assert epochs(2) != [first, second]


def test_without_a_generator_order_and_pixels_stay() -> None:
    loader = BatchLoader(dataset(), batch_size=4, augment=CropAndFlip())
    assert torch.cat([batch.indices for batch in loader]).tolist() == list(range(11))
    images = torch.cat([batch.images for batch in loader])
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(std, torch.ones(3), atol=1e-5, rtol=0)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(DatasetError, match="at least 2"):
        BatchLoader(dataset(), batch_size=1)
    with pytest.raises(DatasetError, match="do not fit"):
        BatchLoader(dataset(), np.array([11]), batch_size=2)


def test_every_crop_is_a_window_of_the_padded_image_or_its_mirror() -> None:
    images = torch.from_numpy(np.random.default_rng(1).integers(1, 256, (200, 2, 5, 6), np.uint8))
    augmented = CropAndFlip(padding=2)(images, torch_generator(0))
    assert augmented.dtype == torch.uint8
    places = set()
    for image, result in zip(images, augmented, strict=True):
        padded = torch.nn.functional.pad(image, [2] * 4)
        windows = {
            (top, left, flipped): window.flip(2) if flipped else window
            for top in range(5)
            for left in range(5)
            for flipped in (False, True)
            for window in [padded[:, top : top + 5, left : left + 6]]
        }
        found = [place for place, window in windows.items() if torch.equal(window, result)]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 40  # of 50 equally likely ones
    assert torch.equal(CropAndFlip(0, flip=False)(images, torch_generator(0)), images)
