"""The models against scikit-learn, scipy and leaving labels out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from naslib_proxydata.predictors import few_label_models
from naslib_proxydata.predictors.few_label_models import (
    LENGTH_SCALES,
    MODELS,
    NOISES,
    SMOOTHNESS,
    Features,
    gaussian_process,
    kernels,
    leave_one_out_density,
    normal_scores,
    rank_average,
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


def test_the_kernels_are_of_the_structure_and_of_all_with_and_without_a_trend():
    generator = np.random.default_rng(5)
    one, other = with_proxies(generator, 7), with_proxies(generator, 4)
    known = one.together()
    norms = {"structure": (one.structure**2).sum(1).mean(), "all": (known**2).sum(1).mean()}
    expected = []
    for name, mine, theirs in (
        ("structure", one.structure, other.structure),
        ("all", known, other.together()),
    ):
        distances = np.sqrt(((mine[:, None] - theirs[None]) ** 2).sum(-1) / norms[name])
        for nu in SMOOTHNESS:
            for scale in LENGTH_SCALES:
                far = distances / scale
                smooth = {
                    0.5: np.exp(-far),
                    1.5: (1 + np.sqrt(3) * far) * np.exp(-np.sqrt(3) * far),
                    np.inf: np.exp(-(far**2) / 2),
                }[nu]
                expected += [smooth, smooth + 3 * np.outer(one.aggregate, other.aggregate)]
    found = [kernel(one, other) for kernel in kernels(one)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(list(kernels(only_structure(known)))) == len(SMOOTHNESS) * len(LENGTH_SCALES)


def test_the_process_is_the_average_of_scikit_learns(monkeypatch):
    """Each noise by scikit-learn, weighed by the density of leaving out one by one."""
    monkeypatch.setattr(few_label_models, "LENGTH_SCALES", (1.0,))
    monkeypatch.setattr(few_label_models, "SMOOTHNESS", (np.inf,))
    generator = np.random.default_rng(6)
    known, unknown = (only_structure(generator.normal(size=(n, 3))) for n in (8, 5))
    targets = normal_scores(generator.normal(size=8))
    scale = np.sqrt((known.structure**2).sum(1).mean())
    predictions, densities = [], []
    for noise in NOISES:
        model = GaussianProcessRegressor(RBF(scale), alpha=noise, optimizer=None)
        predictions.append(model.fit(known.structure, targets).predict(unknown.structure))
        inverse = np.linalg.inv(RBF(scale)(known.structure) + noise * np.eye(8))
        densities.append(np.exp(leave_one_out_density(inverse, targets)))
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
