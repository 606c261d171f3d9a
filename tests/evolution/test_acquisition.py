"""What queries are worth, against numbers drawn from what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata.evolution.acquisition import (
    ACQUISITIONS,
    OPTIMISM,
    expected_improvement,
    expected_value,
    upper_confidence_bound,
)
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.predictors.base import Distribution, LearningPredictor, Score

EXPECTED = Distribution(np.array([0.0, 1.0, -1.0]), np.array([1.0, 0.1, 2.0]))


def test_expected_improvement_is_the_mean_of_what_is_drawn():
    drawn = np.random.default_rng(0).standard_normal((200_000, 3))
    values = EXPECTED.mean + EXPECTED.deviation * drawn
    improvement = np.maximum(values - 0.5, 0).mean(axis=0)
    np.testing.assert_allclose(expected_improvement(EXPECTED, 0.5), improvement, atol=0.01)


def test_the_bound_adds_deviations():
    np.testing.assert_allclose(
        upper_confidence_bound(EXPECTED, 9.0) - EXPECTED.mean, OPTIMISM * EXPECTED.deviation
    )
    np.testing.assert_array_equal(expected_value(EXPECTED, 9.0), EXPECTED.mean)


class Unsure(LearningPredictor):
    """Expects the same of all, and is surer of small numbers; ranks them by size."""

    name = "unsure"
    learnt = False

    def evaluate(self, architecture):
        return Score(float(architecture))

    def fit(self, scores, accuracies):
        self.learnt = True

    def distribution(self, scores):
        values = np.array([score.value for score in scores])
        return Distribution(np.zeros(len(values)), values) if self.learnt else None

    def aggregate(self, scores):
        return -np.array([score.value for score in scores])


def fitness(name):
    def score(architectures):
        return [Score(float(one)) for one in architectures]

    return PredictedFitness(Unsure(), score, None if name is None else ACQUISITIONS[name])


@pytest.mark.parametrize("name", ["upper_confidence_bound", "expected_improvement"])
def test_what_is_unsure_is_worth_more(name):
    individuals = {"a": 1, "b": 3, "c": 2}
    untaught = fitness(name).of(individuals)
    assert sorted(untaught, key=untaught.__getitem__) == ["b", "c", "a"]
    taught = fitness(name)
    taught.learn([4, 5, 6], [1.0, 2.0, 3.0])
    worth = taught.of(individuals)
    assert sorted(worth, key=worth.__getitem__) == ["a", "c", "b"]


def test_improvement_is_over_the_best_known():
    taught = fitness("expected_improvement")
    taught.learn([4, 5, 6], [1.0, 2.0, 3.0])
    best = 0.9674215661017014  # the normal score of the best of three
    expected = expected_improvement(Distribution(np.zeros(1), np.ones(1)), best)
    assert taught.of({"a": 1})["a"] == pytest.approx(float(expected[0]))


def test_without_an_acquisition_it_is_the_ranking():
    taught = fitness(None)
    taught.learn([4, 5, 6], [1.0, 2.0, 3.0])
    assert taught.of({"a": 1, "b": 3}) == {"a": -1.0, "b": -3.0}
