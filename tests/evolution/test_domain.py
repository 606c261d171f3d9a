from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import SearchError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.seeding import numpy_generator
from tests.evolution.grid import SIDE, Grid, grid


def even(architecture):
    return sum(architecture) % 2 == 0


@given(st.integers(0, 1000), st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))
def test_nothing_outside_is_proposed_and_a_mutation_moves(seed, x, y):
    domain = grid(allows=even, condition="an even sum")
    generator = numpy_generator(seed)
    assert even(domain.sample(generator))
    child = domain.mutate((x, y), generator)
    assert even(child)
    assert child != (x, y)
    near = [one for one in Grid().neighbours((x, y)) if even(one)]
    # All neighbours of an even pair are odd, so the nearest allowed ones are two edits away.
    assert child in near if near else abs(child[0] - x) + abs(child[1] - y) == 2


def test_allowed_neighbours_are_equally_likely():
    domain = grid(allows=lambda one: one != (6, 5), condition="no hole")
    generator = numpy_generator(0)
    counts = Counter(domain.mutate((5, 5), generator) for _ in range(3000))
    assert set(counts) == {(4, 5), (5, 6), (5, 4)}
    assert all(abs(count - 1000) < 120 for count in counts.values())  # four deviations


def test_without_a_condition_the_space_itself_draws_and_mutates():
    domain, space = grid(), Grid()
    assert domain.sample(numpy_generator(3)) == space.sample(numpy_generator(3))
    assert domain.mutate((5, 5), numpy_generator(3)) == space.mutate((5, 5), numpy_generator(3))


def test_draws_come_from_the_list():
    listed = ["1,1", "2,3", "11,0"]
    allowed = {Grid().parse(text) for text in listed}
    domain = grid(listed=listed, allows=lambda one: one in allowed, condition="a place in the list")
    generator = numpy_generator(0)
    assert {domain.sample(generator) for _ in range(60)} == allowed
    assert {domain.mutate((11, 0), generator) for _ in range(60)} <= allowed


def test_an_empty_domain_is_refused_with_what_was_asked_for():
    domain = grid(allows=lambda one: domain.macs(one) > 10**6, condition="over a million MACs")
    with pytest.raises(SearchError, match=r"none of 10,000 .*'grid' has over a million.* MACs"):
        domain.sample(numpy_generator(0))


def test_counts_are_the_given_ones_and_made_once():
    calls = []
    domain = Domain(Grid(), macs=lambda one: calls.append(one) or 7)
    assert [domain.macs((1, 2)), domain.macs((1, 2))] == [7, 7]
    assert calls == [(1, 2)]
