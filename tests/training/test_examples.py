from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.training.examples import Examples, Part, held_out, whole
from tests.oneshot.fakes import CLASSES, coloured


def test_every_class_gives_the_same_share_and_no_image_is_on_both_sides() -> None:
    part = whole(coloured(80))
    training, validation = held_out(part, 0.25, seed=0)
    labels = part.dataset.labels
    assert labels is not None
    assert np.bincount(labels[validation.indices]).tolist() == [5] * CLASSES
    both = np.concatenate([training.indices, validation.indices])
    assert sorted(both.tolist()) == list(range(80))
    again = held_out(part, 0.25, seed=0)[1]
    assert np.array_equal(validation.indices, again.indices)


def test_a_share_of_less_than_an_image_a_class_is_one_image() -> None:
    training, validation = held_out(whole(coloured(8)), 0.1, seed=0)
    assert (len(training.indices), len(validation.indices)) == (7, 1)
    with pytest.raises(DatasetError, match="less than 2 are left"):
        held_out(whole(coloured(2)), 0.5, seed=0)


def renamed(names: tuple[str, ...]) -> ArrayDataset:
    made = coloured(8)
    made.class_names = names
    return made


def test_images_that_do_not_fit_are_refused() -> None:
    training = whole(coloured(16))
    with pytest.raises(DatasetError, match="training needs at least 2 images, got 1"):
        Examples(whole(coloured(1)))
    with pytest.raises(DatasetError, match=r"shape \(3, 10, 10\)"):
        Examples(training, whole(coloured(8, size=10)))
    more = coloured(8)
    assert more.labels is not None
    more.labels = more.labels + 3
    with pytest.raises(DatasetError, match=r"test dataset.*has a class 6.*only 4"):
        Examples(training, test=whole(more))
    first, second = renamed(("a", "b", "c", "d")), renamed(("b", "a", "c", "d"))
    with pytest.raises(DatasetError, match="other classes"):
        Examples(whole(first), whole(second))
    unlabelled = ArrayDataset("bare", np.zeros((4, 3, 8, 8), np.uint8))
    with pytest.raises(DatasetError, match="needs class labels"):
        Examples(training, test=whole(unlabelled))


def test_a_test_that_lacks_a_class_is_taken() -> None:
    few = coloured(3)
    assert Examples(whole(coloured(16)), test=whole(few)).test is not None


def test_images_of_one_class_are_refused() -> None:
    part = whole(coloured(16))
    labels = part.dataset.labels
    assert labels is not None
    alone = Part(part.dataset, np.flatnonzero(labels == 2))
    with pytest.raises(DatasetError, match="at least two classes to tell apart, all 4 are of one"):
        Examples(alone)
