"""What every dataset must do, whatever its format, as tests."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.data.base import Dataset, evenly_spaced
from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.testing.randomness import global_states


class DatasetContract:
    """Tests of a dataset; override :meth:`dataset`.

    Attributes:
        looked_at: Number of examples that are read, evenly spaced over the dataset.
    """

    looked_at = 12

    @pytest.fixture
    def dataset(self) -> Dataset:
        """Return the dataset under test, opened anew."""
        raise NotImplementedError("override the fixture 'dataset'")

    def test_has_a_name_and_examples(self, dataset: Dataset) -> None:
        """Reports print its name, and an empty dataset is an error when it is opened."""
        assert isinstance(dataset.name, str)
        assert dataset.name
        assert len(dataset) > 0

    def test_images_are_bytes_of_one_shape(self, dataset: Dataset) -> None:
        """Any indices give uint8 of shape (n, channels, h, w)."""
        indices = evenly_spaced(len(dataset), self.looked_at)
        pixels = dataset.pixels(indices)
        assert pixels.dtype == torch.uint8
        assert pixels.ndim == 4
        assert len(pixels) == len(indices)

    def test_indices_may_come_in_any_order(self, dataset: Dataset) -> None:
        """Each image is that of its index, in any order and as often as it is asked for."""
        indices = evenly_spaced(len(dataset), self.looked_at)
        pixels = dataset.pixels(indices)
        order = np.concatenate([np.arange(len(indices))[::-1], [0, 0]])
        again = dataset.pixels(indices[order])
        assert torch.equal(again, pixels[torch.from_numpy(order.copy())]), "the order is lost"

    def test_an_item_is_image_label_and_index(self, dataset: Dataset) -> None:
        """``dataset[i]`` is one of the images, its class (-1 where unlabelled) and i."""
        for place in evenly_spaced(len(dataset), 3):
            image, label, index = dataset[int(place)]
            assert index == place
            assert label == (-1 if dataset.labels is None else dataset.labels[place])
            assert torch.equal(image, dataset.pixels(np.array([place]))[0])

    def test_ends_where_it_says(self, dataset: Dataset) -> None:
        """An index outside is an ``IndexError``, by which Python's loops end."""
        for outside in (len(dataset), -1):
            with pytest.raises(IndexError):
                dataset[outside]

    def test_labels_are_classes_counted_from_zero(self, dataset: Dataset) -> None:
        """int64, one for each example; names of classes are as many as classes."""
        if dataset.labels is None:
            assert dataset.num_classes == 0
            return
        assert dataset.labels.dtype == np.int64
        assert dataset.labels.shape == (len(dataset),)
        assert dataset.labels.min() >= 0
        assert dataset.labels.max() < dataset.num_classes

    def test_positions_in_a_larger_dataset_are_its_own(self, dataset: Dataset) -> None:
        """A ``source_index`` has one position for each example, and none twice."""
        if dataset.source_index is None:
            pytest.skip("the dataset is no part of a larger one")
        assert dataset.source_index.shape == (len(dataset),)
        assert dataset.source_index.min() >= 0
        assert len(np.unique(dataset.source_index)) == len(dataset)

    def test_reading_is_repeatable(self, dataset: Dataset) -> None:
        """Neither reading again, nor writing to what was read, nor global generators count."""
        indices = evenly_spaced(len(dataset), self.looked_at)
        before = global_states()
        first = dataset.pixels(indices)
        assert before == global_states(), "a global random generator was used"
        kept = first.clone()
        first.zero_()
        assert torch.equal(dataset.pixels(indices), kept), "an image is another when read again"

    def test_loads_in_batches(self, dataset: Dataset) -> None:
        """The loader of scorers and searches gives every example once, with its index."""
        indices = evenly_spaced(len(dataset), self.looked_at)
        batches = list(BatchLoader(dataset, indices, batch_size=5))
        np.testing.assert_array_equal(np.concatenate([batch[2] for batch in batches]), indices)
        assert all(bool(torch.isfinite(batch[0]).all()) for batch in batches)
