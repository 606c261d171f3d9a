"""The models against scikit-learn, scipy and leaving labels out one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Matern

from naslib_proxydata.predictors.few_label import models as few_label_models
from naslib_proxydata.predictors.few_label.models import (
    KERNELS,
    LENGTH_SCALES,
    MODELS,
    NOISES,
    Features,
    gaussian_process,
    leave_one_out_density,
    normal_scores,
    rank_average,
    smooth_covariances,
    standardiser,
)


@given(arrays(np.float64, 15, elements=st.integers(-5, 5), unique=False))
def test_normal_scores_keep_order_and_nothing_else(values):
    scores = normal_scores(values)
    np.testing.assert_allclose(scores, stats.norm.ppf((stats.rankdata(values) - 0.5) / 15))
    np.testing.assert_allclose(scores, normal_scores(values**3 + 2))


def test_all_features_that_vary_weigh_the_same():
    generator = np.random.default_rng(0)
    reference = np.hstack([generator.normal(5, 100, (300, 40)), np.full((300, 3), 0.1)])
    scaled = standardiser(reference)(reference)
    assert scaled.shape == (300, 40)
    np.testing.assert_allclose((scaled**2).mean(0), 1 / 40)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)


def test_features_that_do_not_vary_leave_nothing_to_learn_from():
    constant = np.full((5, 2), 1e6)
    assert not standardiser(constant)(constant).any()


def only_structure(numbers):
    none = np.zeros((len(numbers), 0))
    return Features(numbers, none, none)


def with_proxies(generator, n):
    blocks = (generator.normal(size=(n, width)) for width in (3, 2, 1))
    return Features(*blocks)


def test_leave_one_out_density_is_that_of_leaving_one_out():
    generator = np.random.default_rng(1)
    known, targets = generator.normal(size=(9, 3)), generator.normal(size=9)
    kernel, noise = RBF(1.5)(known), 0.3
    means, variances = [], []
    for left_out in range(9):
        rest = np.arange(9) != left_out
        solve = np.linalg.solve(kernel[np.ix_(rest, rest)] + noise * np.eye(8), np.eye(8))
        cross = kernel[left_out, rest]
        means.append(cross @ solve @ targets[rest])
        variances.append(1 + noise - cross @ solve @ cross)
    errors, variances = targets - means, np.array(variances)

    def density(signal):
        return stats.norm.logpdf(errors, 0, np.sqrt(signal * variances)).sum()

    ours = leave_one_out_density(np.linalg.inv(kernel + noise * np.eye(9)), targets)
    best = max(density(signal) for signal in np.logspace(-3, 3, 4001))
    assert ours == pytest.approx(best, abs=1e-4)


def test_the_covariances_are_scikit_learns_of_the_structure_and_of_all():
    generator = np.random.default_rng(5)
    one, other = with_proxies(generator, 7), with_proxies(generator, 4)
    expected = []
    for mine, theirs in ((one.structure, other.structure), (one.together(), other.together())):
        norm = np.sqrt((theirs**2).sum(1).mean())
        for nu in (0.5, 1.5, np.inf):
            expected += [Matern(norm * scale, nu=nu)(mine, theirs) for scale in LENGTH_SCALES]
    np.testing.assert_allclose(list(smooth_covariances(one, other)), expected, atol=1e-12)
    structure = only_structure(one.structure)
    assert len(list(smooth_covariances(structure, structure))) == 3 * len(LENGTH_SCALES)


def test_the_process_is_the_average_of_scikit_learns(monkeypatch):
    """Each noise and trend by scikit-learn, weighed by the density of leaving out one by one."""
    monkeypatch.setattr(few_label_models, "LENGTH_SCALES", (1.0,))
    monkeypatch.setitem(KERNELS, "Matern 1/2", KERNELS["squared exponential"])
    monkeypatch.setitem(KERNELS, "Matern 3/2", KERNELS["squared exponential"])
    generator = np.random.default_rng(6)
    known, unknown = (with_proxies(generator, n) for n in (8, 5))
    targets = normal_scores(generator.normal(size=8))
    predictions, densities = [], []
    for columns, trend, noise in product((3, 6), (0.0, 3.0), NOISES):
        mine, theirs = known.together(), unknown.together()
        scale = np.sqrt((mine[:, :columns] ** 2).sum(1).mean())

        def kernel(one, other, columns=columns, scale=scale, trend=trend):
            smooth = RBF(scale)(one[:, :columns], other[:, :columns])
            return smooth + trend * np.outer(one[:, -1], other[:, -1])

        inverse = np.linalg.inv(kernel(mine, mine) + noise * np.eye(8))
        densities.append(np.exp(leave_one_out_density(inverse, targets)))
        if trend:
            predictions.append(kernel(theirs, mine) @ inverse @ targets)
        else:
            model = GaussianProcessRegressor(RBF(scale), alpha=noise, optimizer=None)
            model.fit(mine[:, :columns], targets)
            predictions.append(model.predict(theirs[:, :columns]))
    expected = np.average(predictions, axis=0, weights=densities)
    np.testing.assert_allclose(gaussian_process(known, targets)(unknown), expected)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_what_can_be_learnt_from_twenty_labels(name):
    generator = np.random.default_rng(2)
    numbers = generator.normal(size=(400, 12)) / np.sqrt(12)
    truth = numbers[:, 0] + 0.5 * numbers[:, 1]
    known, unknown = only_structure(numbers[:20]), only_structure(numbers[20:])
    predict = MODELS[name](known, normal_scores(truth[:20]))
    rho = stats.spearmanr(predict(unknown), truth[20:]).statistic
    assert rho > 0.35
    shuffled = normal_scores(generator.permutation(truth[:20]))
    chance = MODELS[name](known, shuffled)(unknown)
    constant = np.ptp(chance) < 1e-9
    assert constant or stats.spearmanr(chance, truth[20:]).statistic < rho


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_the_same_again(name):
    generator = np.random.default_rng(3)
    known, targets = only_structure(generator.normal(size=(6, 2))), generator.normal(size=6)
    first, second = (MODELS[name](known, targets)(known) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_rank_average_ignores_the_scale_of_predictions(seed):
    generator = np.random.default_rng(seed)
    predictions = [generator.normal(size=7) for _ in range(3)]
    stretched = [np.exp(3 * one) for one in predictions]
    np.testing.assert_allclose(rank_average(predictions), rank_average(stretched))
    assert rank_average(predictions).sum() == pytest.approx(7 * 4)
