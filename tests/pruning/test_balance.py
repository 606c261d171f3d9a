from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.pruning.balance import balance_degree, class_limits

class_sizes = st.lists(st.integers(1, 400), min_size=2, max_size=20).map(np.array)
prunings = st.integers(1, 50)


def slow_degree(sizes: np.ndarray) -> float:
    """Equation 5 of arXiv 2312.14200, pair by pair."""
    pairs = list(combinations(sizes.tolist(), 2))
    return sum(min(pair) / max(pair) for pair in pairs) / len(pairs)


@given(class_sizes)
def test_the_degree_is_the_mean_over_pairs(sizes: np.ndarray) -> None:
    assert balance_degree(sizes) == pytest.approx(slow_degree(sizes), abs=1e-12)


@pytest.mark.parametrize(
    ("sizes", "degree", "percent"),
    [
        (np.linspace(0.9, 1.1, 10), 0.923, 21),
        (np.linspace(0.75, 1.25, 10), 0.819, 11),
        (np.linspace(0.5, 1.5, 10), 0.670, 6.8),
        (np.geomspace(1, 10, 10), 0.451, 4.8),
        (np.linspace(0.75, 1.25, 100), 0.848, 12.5),
    ],
)
def test_hand_computed_values(sizes: np.ndarray, degree: float, percent: float) -> None:
    """b, and what a class may lose at each of n = 25 prunings, in percent."""
    many = (sizes * 1_000_000).round().astype(np.int64)
    assert balance_degree(many) == pytest.approx(degree, abs=5e-4)
    share = class_limits(many, 25) / many * 100
    np.testing.assert_allclose(share, percent, rtol=0.02)


def test_a_case_by_hand() -> None:
    # Pairs 10:20, 10:40, 20:40 are 1/2, 1/4, 1/2, so b = 5/12 and N = 4 (1 - 25/144) + 1 = 4.31.
    sizes = np.array([40, 10, 20])
    assert balance_degree(sizes) == pytest.approx(5 / 12)
    assert class_limits(sizes, 4).tolist() == [9, 2, 4]


def test_the_ends_of_the_degree() -> None:
    assert balance_degree(np.array([7, 7, 7])) == 1.0
    assert balance_degree(np.array([9, 0])) == 0.0
    assert balance_degree(np.array([5])) == 1.0
    assert balance_degree(np.array([0, 0])) == 1.0


@given(class_sizes, prunings)
def test_limits_by_the_formula_written_out(sizes: np.ndarray, n: int) -> None:
    divisor = n * (1 - slow_degree(sizes) ** 2) + 1
    for size, limit in zip(sizes, class_limits(sizes, n), strict=True):
        # Either side of a rounding boundary is right to the last bit of the degree.
        allowed = {min(int((size + slack) / divisor), size - 1) for slack in (-1e-7, 0, 1e-7)}
        assert limit in allowed


@given(class_sizes, st.none() | prunings)
def test_no_class_may_lose_its_last_example(sizes: np.ndarray, n: int | None) -> None:
    limits = class_limits(sizes, n)
    assert (limits >= 0).all()
    assert (limits < sizes).all()


def test_equal_classes_are_not_limited() -> None:
    assert class_limits(np.array([50] * 10), 25).tolist() == [49] * 10


def test_the_more_prunings_the_less_a_class_loses_at_each() -> None:
    sizes = np.array([970, 10, 10, 10])
    few, many = class_limits(sizes, 2), class_limits(sizes, 25)
    assert (many <= few).all()
    assert many[0] < few[0]
