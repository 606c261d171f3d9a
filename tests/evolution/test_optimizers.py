"""Random search, regularised evolution and NSGA-II as they propose; NAO in ``test_nao.py``."""

from __future__ import annotations

import sys
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata import plugins
from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.evolution.base import MOST_MUTATIONS
from naslib_proxydata.evolution.loop import search_by_value
from naslib_proxydata.evolution.nsga2 import (
    Nsga2,
    fronts_and_crowding,
    objectives,
    pareto_front,
)
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.testing.randomness import global_states
from tests.evolution.grid import SIDE, grid, value

FOUND = plugins.load()
NAMES = ("random", "re", "nsga2", "nao")
SMALL = {
    "random": {},
    "re": {"population": 10, "sample": 3},
    "nsga2": {"population": 10},
    "nao": {"population": 10, "hidden": 8, "epochs": 5},
}


def begun(name, seed=0, start=(), *, batched=False, **options):
    optimizer = FOUND.create("optimizers", name, **{**SMALL[name], **options})
    optimizer.begin(grid(), numpy_generator(seed), start, batched=batched)
    return optimizer


def searched(name, seed, queries=40, **options):
    true = TrueFitness(grid(), value)
    search_by_value(begun(name, seed, **options), true, queries)
    return true


def ageing_evolution(seed, population, sample, generation, queries):
    """Regularised evolution as a list of (birth, pair), each measured when it is first met."""
    domain, generator = grid(), numpy_generator(seed)
    known, order, born = {}, [], 0

    def measured(pair):
        key = tuple(sorted(pair))
        if key not in known:
            known[key] = value(pair)
            order.append(pair)

    living = []
    for _ in range(population):
        living.append((born, domain.sample(generator)))
        born += 1
    for _, pair in living:
        measured(pair)
    while len(order) < queries:
        children = []
        before = set(known)
        for _ in range(generation):
            rivals = [living[i] for i in generator.integers(population, size=sample)]
            parent = rivals[0][1]
            for _, rival in rivals[1:]:
                if known[tuple(sorted(rival))] > known[tuple(sorted(parent))]:
                    parent = rival
            child, steps = parent, 0
            while steps < MOST_MUTATIONS:
                child, steps = domain.mutate(child, generator), steps + 1
                if tuple(sorted(child)) not in before:
                    break
            else:
                child = domain.sample(generator)
            children.append(child)
        for child in children:
            measured(child)
            living.append((born, child))
            born += 1
        for _ in children:
            living.remove(min(living))  # the oldest
    return order[:queries]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(2, 9))
def test_regularised_evolution_is_that_of_the_paper(seed, generation, population):
    sample = min(3, population)
    true = searched("re", seed, 45, population=population, sample=sample, generation=generation)
    found = [tuple(map(int, one.architecture.split(","))) for one in true.queries]
    assert found == ageing_evolution(seed, population, sample, generation, 45)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_one_history_without_duplicates(name):
    first, again, other = (searched(name, seed) for seed in (1, 1, 2))
    # Not by ==, which from Python 3.13 on takes a nan inside a dataclass for another one.
    np.testing.assert_equal([*map(astuple, first.queries)], [*map(astuple, again.queries)])
    assert [one.hash for one in first.queries] != [one.hash for one in other.queries]
    assert len({query.hash for query in first.queries}) == 40
    assert [query.number for query in first.queries] == list(range(1, 41))
    values = [one.value for one in first.queries]
    assert [one.best for one in first.queries] == list(np.maximum.accumulate(values))


def test_evolution_comes_to_better_ones_than_random_search():
    def late(name, seed):
        return np.mean([one.value for one in searched(name, seed, 30).queries[-15:]])

    mean = {name: np.mean([late(name, seed) for seed in range(8)]) for name in ("random", "re")}
    assert mean["re"] > mean["random"] + 5


@pytest.mark.parametrize("name", ["re", "nsga2"])
def test_the_first_population_begins_with_what_is_given(name):
    start = [(7, 9), (1, 2)]
    options = {"population": 5, "sample": 2} if name == "re" else {"population": 5}
    proposed = begun(name, start=[*start, (3, 3)], **options).propose({})
    assert proposed[:2] == start, "at most half of the population is given"
    assert len(proposed) == 5


def test_what_lies_outside_is_no_start():
    optimizer = FOUND.create("optimizers", "re", population=8, sample=2)
    domain = grid(allows=lambda one: sum(one) % 2 == 0, condition="an even sum")
    optimizer.begin(domain, numpy_generator(0), [(7, 8), (7, 9)])
    assert optimizer.initial(8)[0] == (7, 9)


@pytest.mark.parametrize(("batched", "children"), [(False, 1), (True, 10)])
def test_a_generation_is_as_large_as_evaluations_are_cheap(batched, children):
    optimizer = begun("re", batched=batched)
    first = optimizer.propose({})
    fitness = {optimizer.domain.key(one): value(one) for one in first}
    assert len(optimizer.propose(fitness)) == children
    assert len(begun("re", batched=batched, generation=4).propose({})) == 10


def test_how_many_are_drawn_at_once_changes_no_random_search():
    """Draws are doubled as more is known; one after the other they are the same."""
    generator, domain = numpy_generator(3), grid()
    drawn = dict.fromkeys(domain.key(domain.sample(generator)) for _ in range(2000))
    queries = searched("random", 3, 60).queries
    assert [query.hash for query in queries] == list(drawn)[:60]
    at_once, fitness = begun("random", 3, batched=True), {}
    sizes = []
    while len(fitness) < 60:
        proposed = at_once.propose(fitness)
        sizes.append(len(proposed))
        fitness.update({domain.key(one): 0.0 for one in proposed})
    assert list(fitness)[:60] == list(drawn)[:60]
    assert sizes[:3] == [1, 1, 2]


def test_a_child_is_new_where_there_is_anything_new():
    domain = grid()
    known = {domain.key((x, y)): 0.0 for x in range(SIDE) for y in range(SIDE) if (x, y) != (0, 0)}
    optimizer = begun("re")
    assert optimizer.child((0, 1), known) in [(x, y) for x in range(SIDE) for y in range(SIDE)]
    children = {optimizer.child((0, 1), known) for _ in range(20)}
    assert (0, 0) in children


# ------------------------------------------------------------------------------------- NSGA-II

POINTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda p: (float(p[0]), float(p[1]))),
    min_size=1,
    max_size=25,
)


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


@given(POINTS)
def test_fronts_are_layers_of_what_nothing_left_dominates(points):
    fronts, _ = fronts_and_crowding(np.array(points))
    left, layer = list(range(len(points))), 0
    while left:
        best = [i for i in left if not any(dominates(points[j], points[i]) for j in left)]
        assert sorted(np.flatnonzero(fronts == layer)) == best
        left, layer = [i for i in left if i not in best], layer + 1


def test_ends_of_a_front_are_the_loneliest():
    _, crowding = fronts_and_crowding(np.array([[0.0, 4.0], [1.0, 2.0], [1.1, 1.9], [3.0, 0.0]]))
    assert np.isinf(crowding[[0, 3]]).all()
    assert np.isfinite(crowding[[1, 2]]).all()


def test_the_front_of_a_search_is_not_dominated():
    true = searched("nsga2", 0, 60)
    found = pareto_front(true.queries)
    pairs = [(-one.value, one.macs) for one in true.queries]
    for one in found:
        assert not any(dominates(pair, (-one.value, one.macs)) for pair in pairs)
    shown = {(-one.value, one.macs) for one in found}
    hidden = set(pairs) - shown
    assert all(any(dominates(pair, one) for pair in shown) for one in hidden)
    assert [one.macs for one in found] == sorted({one.macs for one in found})


def test_nsga2_finds_cheap_ones_that_evolution_on_value_alone_does_not():
    cheapest = {
        name: np.mean([min(q.macs for q in searched(name, seed, 60).queries) for seed in range(8)])
        for name in ("re", "nsga2")
    }
    assert cheapest["nsga2"] < cheapest["re"]


def test_what_failed_counts_as_the_worst():
    small = objectives(np.array([3.0, -np.inf, 1.0]), np.array([5, 6, 7]))
    assert small.tolist() == [[-3.0, 5.0], [-1.0, 6.0], [-1.0, 7.0]]


def test_no_global_generator_moves():
    before = global_states()
    searched("nsga2", 0)
    assert before == global_states()


def test_without_pymoo_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymoo", None)
    with pytest.raises(SearchError, match=r"naslib-proxydata\[evolve\]"):
        Nsga2()


def test_unknown_names_and_settings_are_told():
    with pytest.raises(ConfigError, match="Did you mean 'nsga2'"):
        FOUND.create("optimizers", "nsga")
    with pytest.raises(ConfigError, match="sample must be at most the population's 5, got 6"):
        FOUND.create("optimizers", "re", population=5, sample=6)
    with pytest.raises(ConfigError, match=r"'nsga2': unknown key 'pop'.* Known keys: population$"):
        FOUND.create("optimizers", "nsga2", pop=5)
    with pytest.raises(ConfigError, match="unknown option 'population'"):
        FOUND.create("optimizers", "random", population=5)
