"""What queries are worth, against numbers drawn from what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata.evolution.acquisition import (
    OPTIMISM,
    TopTwoThompson,
    acquisition_of,
    expected_improvement,
    expected_value,
    top_two_shares,
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


def sampled_share(drawn, plays):
    """Return how often each is chosen where top-two Thompson sampling is played out."""
    generator, chosen = np.random.default_rng(1), np.zeros(drawn.shape[1])
    for _ in range(plays):
        first = drawn[generator.integers(len(drawn))].argmax()
        play = first
        if generator.random() < 0.5:
            while play == first:
                play = drawn[generator.integers(len(drawn))].argmax()
        chosen[play] += 1
    return chosen / plays


def test_the_shares_are_those_of_a_sampler_that_plays():
    drawn = np.random.default_rng(0).standard_normal((300, 4))
    drawn += np.array([0.0, 0.5, 1.0, -9.0])
    shares = top_two_shares(drawn)
    np.testing.assert_allclose(shares, sampled_share(drawn, 20_000), atol=0.015)
    assert shares.sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(top_two_shares(drawn + np.array([0, 99, 0, 0])), [0, 1, 0, 0])


def test_a_batch_is_drawn_by_the_shares_and_the_rest_by_the_mean():
    drawn = np.random.default_rng(0).standard_normal((300, 5))
    drawn += np.array([0.0, 0.5, 1.0, -9.0, -8.0])
    drawn = np.hstack([drawn, np.full((300, 1), np.nan)])
    rule = TopTwoThompson(np.random.default_rng(2))
    worth = np.array([rule(drawn) for _ in range(4000)])
    first = np.bincount(np.nanargmax(worth, axis=1), minlength=6) / len(worth)
    np.testing.assert_allclose(first, top_two_shares(drawn), atol=0.03)
    assert (worth[:, :3].min(axis=1) > worth[:, 4]).all()
    assert (worth[:, 4] > worth[:, 3]).all()
    assert np.isnan(worth[:, 5]).all()


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

    generator = np.random.default_rng(0)
    return PredictedFitness(
        Unsure(), score, None if name is None else acquisition_of(name, generator)
    )


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


def test_what_says_nothing_of_others_is_drawn_by_itself():
    taught = fitness("top_two_thompson")
    taught.learn([4, 5, 6], [1.0, 2.0, 3.0])
    firsts = [taught.of({"a": 1, "b": 3, "c": 9}) for _ in range(200)]
    chosen = [max(one, key=one.__getitem__) for one in firsts]
    assert set(chosen) == {"a", "b", "c"}
    drawn = np.random.default_rng(3).standard_normal((200_000, 3)) * [1, 3, 9]
    assert chosen.count("c") / 200 == pytest.approx(top_two_shares(drawn)[2], abs=0.1)


def test_without_an_acquisition_it_is_the_ranking():
    taught = fitness(None)
    taught.learn([4, 5, 6], [1.0, 2.0, 3.0])
    assert taught.of({"a": 1, "b": 3}) == {"a": -1.0, "b": -3.0}
