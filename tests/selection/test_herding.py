from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.herding import HerdingSelector, herd


def slow_herding(points: NDArray[np.float64], size: int) -> list[int]:
    """Algorithm 4 of arXiv 1611.07725 as it is printed."""
    mean = points.mean(0)
    chosen: list[int] = []
    for step in range(1, size + 1):
        left = [index for index in range(len(points)) if index not in chosen]
        before = points[chosen].sum(0)
        gaps = [np.linalg.norm(mean - (before + points[index]) / step) for index in left]
        chosen.append(left[int(np.argmin(gaps))])
    return chosen


@pytest.mark.parametrize("offset", [0, 1000])
def test_herding_is_the_printed_algorithm(offset: float) -> None:
    points = np.random.default_rng(0).normal(size=(40, 5)) + offset
    assert herd(points, 25).tolist() == slow_herding(points, 25)


def test_a_line_by_hand() -> None:
    """Mean 4: first 4 itself, then 3 (mean 3.5), then 5 (mean 4), then 0 or 8."""
    points = np.array([[8.0], [0.0], [3.0], [4.0], [5.0]])
    assert herd(points, 3).tolist() == [3, 2, 4]
    assert herd(points, 0).tolist() == []
    assert sorted(herd(points, 5)) == [0, 1, 2, 3, 4]


def test_classes_give_their_share() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], [30, 60])
    features = generator.normal(size=(90, 3)) + 50 * labels[:, None]
    inputs = SelectorInputs(90, labels, features=features)
    chosen = HerdingSelector().select(inputs, 9, generator)
    expected = [*slow_herding(features[:30], 3), *(30 + np.array(slow_herding(features[30:], 6)))]
    assert chosen.tolist() == sorted(expected)
