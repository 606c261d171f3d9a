"""The split that puts every class into both halves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.split import split_by_class, split_indices


@given(
    st.lists(st.integers(2, 9), min_size=1, max_size=8),
    st.sampled_from([(0.5, 0.5), (0.4, 0.4), (0.3, 0.7)]),
    st.integers(0, 100),
)
def test_every_class_is_in_both_parts(
    sizes: Sequence[int], shares: tuple[float, float], seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(labels)))
    expected = [len(part) for part in split_indices(chosen, generator, shares)]
    if min(expected) < len(sizes):
        with pytest.raises(SelectionError, match="too few for one of each"):
            split_by_class(chosen, labels, generator, shares)
        return
    parts = split_by_class(chosen, labels, generator, shares)
    assert [len(part) for part in parts] == expected, "the parts are as large as ever"
    assert not np.intersect1d(*parts).size
    for part in parts:
        assert (np.diff(part) > 0).all()
        assert np.bincount(labels[part], minlength=len(sizes)).min() >= 1


def test_a_single_example_is_in_one_part_and_the_generator_decides() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2, 2])
    chosen = np.array([0, 1, 2, 3, 4, 5, 6])
    splits = {
        tuple(split_by_class(chosen, labels, np.random.default_rng(seed))[0]) for seed in range(20)
    }
    assert len(splits) > 5
    for weights in splits:
        assert len(weights) == 3
        assert {0, 2} <= set(labels[list(weights)])


@pytest.mark.parametrize(
    "shares", [(float("nan"), 0.5), (0.5, float("nan")), (0.0, 0.5), (0.6, 0.6)]
)
def test_shares_that_are_none_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(SelectionError, match="shares must be positive"):
        split_indices(np.arange(4), np.random.default_rng(0), shares)
