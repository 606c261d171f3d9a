"""Sums of floats from left to right."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.summation import ordered_sum


def test_each_step_is_rounded() -> None:
    """The built-in sum of Python 3.12 and later gives 1.0 for both."""
    assert ordered_sum([0.1] * 10) == 0.9999999999999999
    assert ordered_sum([1e16, 1.0, -1e16]) == 0.0


def test_nothing_sums_to_zero() -> None:
    assert ordered_sum(iter(())) == 0.0
    assert isinstance(ordered_sum([]), float)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1))
def test_it_is_numpys_running_sum(values: list[float]) -> None:
    assert ordered_sum(values) == np.cumsum(values)[-1]
