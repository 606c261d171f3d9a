from __future__ import annotations

import numpy as np

from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.moderate import ModerateSelector, centre_distances


def test_the_middle_distances_are_kept() -> None:
    """Class 0 has its median at 2, class 1 at 10."""
    features = np.array([[0.0], [1.0], [2.0], [5.0], [9.0], [9.5], [10.0], [13.0], [20.0], [40.0]])
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    distances = [2, 1, 0, 3, 7, 3.5, 3, 0, 7, 27]  # class 1 has its median at 13
    np.testing.assert_allclose(centre_distances(features, labels), distances)
    inputs = SelectorInputs(10, labels, features=features)
    chosen = ModerateSelector().select(inputs, 4, np.random.default_rng(0))
    # In order: 2, 7 (0), 1 (1), 0 (2), 3, 6 (3), 5 (3.5), 4, 8 (7), 9 (27); the middle four:
    assert chosen.tolist() == [0, 3, 5, 6]
    one_each = ModerateSelector(balance=True).select(inputs, 2, np.random.default_rng(0))
    assert one_each.tolist() == [0, 5], "the medians of each class, 2 and 3.5"


def test_the_centre_is_the_median_by_dimension() -> None:
    features = np.array([[0.0, 0.0], [1.0, 10.0], [100.0, 1.0], [7.0, 7.0], [7.0, 8.0]])
    labels = np.array([0, 0, 0, 1, 1])
    expected = [np.hypot(1, 1), 9.0, 99.0, 0.5, 0.5]
    np.testing.assert_allclose(centre_distances(features, labels), expected)
