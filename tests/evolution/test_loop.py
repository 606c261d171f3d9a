from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from naslib_proxydata.errors import SearchError
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.loop import (
    Budget,
    explore,
    search_by_score,
    search_by_value,
    search_with_predictor,
)
from naslib_proxydata.evolution.queries import COLUMNS, TrueFitness, history_csv
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.evolution.regularised_evolution import RegularisedEvolution
from naslib_proxydata.predictors.base import LearningPredictor, Predictor, Score
from naslib_proxydata.seeding import numpy_generator
from tests.evolution.grid import FUNCTIONS, grid, value


class Sum(Predictor):
    """Says that the larger the sum the better, which is half true."""

    name = "sum"

    def evaluate(self, architecture):
        return float(sum(architecture))


class Nearest(LearningPredictor):
    """Learns: the value of the nearest labelled pair."""

    name = "nearest"
    aggregated = 0

    def evaluate(self, architecture):
        return Score(0.0, details={"pair": sorted(architecture)})

    def fit(self, scores, accuracies):
        self.known = [
            (one.details["pair"], acc) for one, acc in zip(scores, accuracies, strict=True)
        ]

    def aggregate(self, scores):
        self.aggregated += 1
        return np.array([self.nearest(one.details["pair"]) for one in scores])

    def nearest(self, pair):
        if not hasattr(self, "known"):
            return 0.0
        return min((math.dist(pair, other), -acc) for other, acc in self.known)[1] * -1


def fitness_of(predictor):
    asked = []

    def scores(architectures):
        asked.extend(architectures)
        made = [predictor.evaluate(one) for one in architectures]
        return [one if isinstance(one, Score) else Score(one) for one in made]

    made = PredictedFitness(predictor, scores)
    made.asked = asked
    return made


BUDGET = Budget(queries=30, evaluations=40, labels=6, per_round=5)


def evolution(seed=0, **options):
    optimizer = RegularisedEvolution(**{"population": 10, "sample": 3, **options})
    optimizer.begin(grid(), numpy_generator(seed))
    return optimizer


def draws(seed=0):
    optimizer = RandomSearch()
    optimizer.begin(grid(), numpy_generator(seed))
    return optimizer


def guided(predictor, *, seed=0, given=(), budget=BUDGET, should_stop=None, measure=value):
    domain = grid()
    true = TrueFitness(domain, measure, given)
    fitness = fitness_of(predictor)
    rounds = []

    def make(round_, start):
        rounds.append(list(start))
        optimizer = RegularisedEvolution(population=10, sample=3)
        optimizer.begin(domain, numpy_generator(seed, "round", round_), start, batched=True)
        return optimizer

    arguments = () if should_stop is None else (should_stop,)
    generator = numpy_generator(seed, "labels")
    search_with_predictor(make, fitness, true, budget, generator, *arguments)
    return true, fitness, rounds


def test_an_exhausted_domain_ends_the_search():
    true = TrueFitness(grid(), value)
    search_by_value(draws(), true, 10_000)
    assert len(true.queries) == FUNCTIONS


def test_a_search_may_stop_before():
    true = TrueFitness(grid(), value)
    search_by_value(draws(), true, 50, lambda: len(true.queries) >= 7)
    assert len(true.queries) == 7


def test_nothing_is_queried_twice_and_nan_is_no_value():
    true = TrueFitness(grid(), value, [((1, 2), 3.0)])
    true.query((5, 6))
    for known in ((6, 5), (2, 1)):
        with pytest.raises(SearchError, match="measured before"):
            true.query(known)
    assert [one.architecture for one in true.queries] == ["5,6"]
    with pytest.raises(SearchError, match="expected a number for 0,0, got nan"):
        TrueFitness(grid(), lambda _: math.nan).query((0, 0))


def test_best_is_told_best_first():
    true = TrueFitness(grid(), value, [((7, 9), 100.0)])
    for pair in ((0, 0), (7, 8), (5, 5)):
        true.query(pair)
    assert true.best(2) == [(7, 9), (7, 8)]


def test_a_predictor_without_labels_spends_all_queries_on_what_it_ranks_best():
    true, fitness, rounds = guided(Sum(), budget=Budget(8, 40, 6, 5))
    assert not fitness.learns
    assert len(rounds) == 1
    scores = [one.score for one in true.queries]
    assert scores == sorted(scores, reverse=True)
    best_first = sorted({tuple(sorted(one)) for one in fitness.asked}, key=lambda one: -sum(one))
    assert scores[-1] == sum(best_first[7])
    assert {one.round for one in true.queries} == {1}


def test_a_predictor_that_learns_is_taught_after_every_round():
    true, fitness, rounds = guided(Nearest())
    assert fitness.learns
    assert [one.round for one in true.queries] == [0] * 6 + [
        n for n in range(1, 6) for _ in range(5)
    ][:24]
    assert all(math.isnan(one.score) for one in true.queries[:6])
    # A round starts with what is known to be best.
    known = [value(tuple(map(int, one.architecture.split(",")))) for one in true.queries[:11]]
    assert [value(one) for one in rounds[1]] == sorted(known, reverse=True)
    assert len({one.hash for one in true.queries}) == 30


def test_more_is_drawn_while_all_labels_are_alike(caplog):
    """Trainings of a minute may all end at chance, of which a model can learn nothing."""
    measured = []

    def measure(pair):
        measured.append(pair)
        return 10.0 if len(measured) < 9 else value(pair)

    true, _, _ = guided(Nearest(), measure=measure)
    assert [one.round for one in true.queries] == [0] * 9 + [
        n for n in range(1, 6) for _ in range(5)
    ][:21]
    assert "all 6 values are 10, of which nothing can be learnt" in caplog.text


def test_a_search_among_equals_ends_with_its_queries():
    true, _, rounds = guided(Nearest(), measure=lambda _: 10.0)
    assert len(true.queries) == BUDGET.queries
    assert not rounds


def test_learning_finds_better_ones_than_random_labels():
    found = [guided(Nearest(), seed=seed)[0].queries[-1].best for seed in range(8)]
    drawn = [guided(Nearest(), seed=seed)[0].queries[5].best for seed in range(8)]
    assert np.mean(found) > np.mean(drawn) + 3


def test_labels_that_are_given_cost_no_query_and_are_learnt_from():
    given = [((x, y), value((x, y))) for x in range(5) for y in range(x, 5)]
    true, _, rounds = guided(Nearest(), given=given, budget=Budget(10, 40, 0, 5))
    assert {one.round for one in true.queries} == {1, 2}
    assert rounds[0][0] == max(given, key=lambda one: one[1])[0]
    keys = {true.domain.key(one) for one, _ in given}
    assert not keys & {one.hash for one in true.queries}


def test_a_guided_search_may_stop_after_a_round():
    true, _, rounds = guided(Nearest(), should_stop=lambda: True)
    assert len(true.queries) == 11
    assert len(rounds) == 1


def test_scores_are_asked_for_once_each():
    _, fitness, _ = guided(Nearest())
    assert len(fitness.asked) == len(set(fitness.asked))


def test_failed_scores_rank_last():
    class Failing(Sum):
        def aggregate(self, scores):
            return np.array([math.nan if one.value > 12 else one.value for one in scores])

    true, _, _ = guided(Failing(), budget=Budget(5, 40, 0, 5))
    assert max(one.score for one in true.queries) <= 12


def test_a_search_by_score_alone_keeps_every_evaluation():
    history = search_by_score(evolution(generation=5), fitness_of(Sum()), 33)
    assert len(history) == 33
    assert all(math.isnan(one.value) for one in history)
    assert [one.best for one in history] == list(
        np.maximum.accumulate([one.score for one in history])
    )


def test_the_history_is_read_back_exactly():
    true, _, _ = guided(Nearest())
    lines = list(csv.DictReader(io.StringIO(history_csv(true.queries))))
    assert list(lines[0]) == list(COLUMNS)
    assert len(lines) == 30
    assert lines[0]["score"] == ""  # nothing was said of what was drawn
    for line, one in zip(lines, true.queries, strict=True):
        assert float(line["value"]) == one.value
        assert line["architecture"] == one.architecture


def test_explore_evaluates_as_many_as_asked_for():
    for count in (1, 7, 23):
        optimizer = evolution(1, sample=2, generation=4)
        individuals, fitness = explore(
            optimizer, grid(), count, lambda individuals, _: dict.fromkeys(individuals, 0.0)
        )
        assert len(individuals) == len(fitness) == count
