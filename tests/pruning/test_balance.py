from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from naslib_proxydata.pruning.balance import balance_degree, class_limits

class_sizes = st.lists(st.integers(1, 400), min_size=2, max_size=20).map(np.array)


@given(class_sizes)
def test_the_degree_is_the_normalised_entropy(sizes: np.ndarray) -> None:
    assert balance_degree(sizes) == pytest.approx(entropy(sizes) / np.log(len(sizes)), abs=1e-12)


def test_the_ends_of_the_degree() -> None:
    assert balance_degree(np.array([7, 7, 7])) == 1.0
    assert balance_degree(np.array([9, 0, 0])) == 0.0
    assert balance_degree(np.array([5])) == 1.0
    assert balance_degree(np.array([0, 0])) == 1.0


@given(class_sizes)
def test_limits_by_the_formula_written_out(sizes: np.ndarray) -> None:
    b = entropy(sizes) / np.log(len(sizes))
    if len(set(sizes.tolist())) == 1:
        b = 1.0
    n = len(sizes)
    divisor = n * (1 - b * b) + 1
    for size, limit in zip(sizes, class_limits(sizes), strict=True):
        # Either side of a rounding boundary is right to the last bit of the entropy.
        allowed = {min(int((size + slack) / divisor), size - 1) for slack in (-1e-9, 0, 1e-9)}
        assert limit in allowed


@given(class_sizes, st.booleans())
def test_no_class_may_lose_its_last_example(sizes: np.ndarray, balanced: bool) -> None:
    limits = class_limits(sizes, balanced=balanced)
    assert (limits >= 0).all()
    assert (limits < sizes).all()


def test_equal_classes_are_not_limited() -> None:
    assert class_limits(np.array([50] * 10)).tolist() == [49] * 10


def test_one_dominant_class_limits_all() -> None:
    limits = class_limits(np.array([970, 10, 10, 10]))
    assert (limits <= np.array([970, 10, 10, 10]) / 4).all()
