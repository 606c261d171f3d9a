"""The spread of the averaged processes, against conditioning one Gaussian after another."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from naslib_proxydata.data.images import load_images
from naslib_proxydata.predictors.base import Distribution, ScoringTask
from naslib_proxydata.predictors.few_label import posterior
from naslib_proxydata.predictors.few_label.models import (
    KERNELS,
    LENGTH_SCALES,
    NOISES,
    TREND,
    Features,
    gaussian_process,
)
from naslib_proxydata.predictors.few_label.posterior import (
    gaussian_process_draws,
    gaussian_process_posterior,
    rank_interval,
)
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.spaces.nb201.space import NasBench201


def made_up(rows, proxies):
    generator = np.random.default_rng(3)
    structure = generator.standard_normal((rows, 2))
    values = generator.standard_normal((rows, proxies))
    return Features(structure, values, values), structure[:, 0] + generator.standard_normal(rows)


def conditioned(covariance, targets):
    """Return mean and variance of the last of jointly Gaussian numbers, given the others."""
    inner, outer = covariance[:-1, :-1], covariance[:-1, -1]
    solved = np.linalg.solve(inner, outer)
    return solved @ targets, covariance[-1, -1] - solved @ outer


def processes(both, count, has_proxies):
    """Yield the covariance of all rows under every process, noise added."""

    def norm_of(columns):
        return np.sqrt((columns[:count] ** 2).sum(axis=1).mean())

    views = [both.structure, np.hstack(both)] if has_proxies else [both.structure]
    line = both.aggregate @ both.aggregate.T
    for view in views:
        distance = cdist(view, view) / norm_of(view)
        for kernel, scale in product(KERNELS.values(), LENGTH_SCALES):
            for trend, noise in product((0.0, TREND) if has_proxies else (0.0,), NOISES):
                yield kernel(distance / scale) + trend * line + noise * np.eye(len(view))


def reference(known, targets, one):
    """Return mean and deviation of the mixture for one architecture."""
    count, has_proxies = len(targets), known.proxies.shape[1] > 0
    both = Features(*(np.vstack(pair) for pair in zip(known, one, strict=True)))
    densities, means, variances = [], [], []
    for covariance in processes(both, count, has_proxies):
        inner = covariance[:count, :count]
        left_out = []
        for i in range(count):
            order = [*(j for j in range(count) if j != i), i]
            mean, variance = conditioned(inner[np.ix_(order, order)], targets[order[:-1]])
            left_out.append((targets[i], mean, variance))
        signal = np.mean([(y - mean) ** 2 / variance for y, mean, variance in left_out])
        densities.append(
            sum(stats.norm.logpdf(y, mean, math.sqrt(signal * var)) for y, mean, var in left_out)
        )
        mean, variance = conditioned(covariance, targets)
        means.append(mean)
        variances.append(signal * variance)
    weights = np.exp(densities - np.max(densities))
    weights /= weights.sum()
    mean = weights @ means
    return mean, math.sqrt(weights @ (np.array(variances) + np.array(means) ** 2) - mean**2)


@pytest.mark.parametrize("proxies", [0, 2])
def test_it_is_the_mixture_of_all_processes(proxies, monkeypatch):
    monkeypatch.setattr(posterior, "LEAST_WEIGHT", 0.0)
    features, values = made_up(9, proxies)
    known, others = (Features(*(part[rows] for part in features)) for rows in (slice(7), [7, 8]))
    found = gaussian_process_posterior(known, values[:7])(others)
    for place in range(2):
        one = Features(*(part[place : place + 1] for part in others))
        expected = reference(known, values[:7], one)
        np.testing.assert_allclose((found.mean[place], found.deviation[place]), expected)
    ranked = gaussian_process(known, values[:7])(others)
    np.testing.assert_allclose(found.mean, ranked)


@pytest.mark.parametrize("proxies", [0, 2])
def test_draws_are_joint_draws_of_the_mixture(proxies, monkeypatch):
    monkeypatch.setattr(posterior, "LEAST_WEIGHT", 0.0)
    features, values = made_up(11, proxies)
    known, others = (Features(*(part[rows] for part in features)) for rows in (slice(7), [7, 8, 9]))
    generator = np.random.default_rng(0)
    drawn = gaussian_process_draws(known, values[:7], others, 40_000, generator)
    mean, covariance = joint_reference(known, values[:7], others)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.03)
    assert abs(covariance - np.diag(np.diag(covariance))).max() > 0.05  # they are not independent


def joint_reference(known, targets, others):
    """Return mean and covariance of the mixture, of values without noise, process by process."""
    count, has_proxies = len(targets), known.proxies.shape[1] > 0
    both = Features(*(np.vstack(pair) for pair in zip(known, others, strict=True)))
    densities, means, seconds = [], [], []
    noises = [noise for _ in range(2 if has_proxies else 1) for noise in NOISES]
    for number, noisy in enumerate(processes(both, count, has_proxies)):
        inner = noisy[:count, :count]
        left_out = []
        for i in range(count):
            order = [*(j for j in range(count) if j != i), i]
            mean, variance = conditioned(inner[np.ix_(order, order)], targets[order[:-1]])
            left_out.append((targets[i], mean, variance))
        signal = np.mean([(y - mean) ** 2 / variance for y, mean, variance in left_out])
        densities.append(
            sum(stats.norm.logpdf(y, mean, math.sqrt(signal * var)) for y, mean, var in left_out)
        )
        solved = np.linalg.solve(inner, noisy[:count, count:])
        mean = targets @ solved
        latent = noisy[count:, count:] - noises[number % len(noises)] * np.eye(len(mean))
        left = signal * (latent - noisy[count:, :count] @ solved)
        means.append(mean)
        seconds.append(left + np.outer(mean, mean))
    weights = np.exp(densities - np.max(densities))
    weights /= weights.sum()
    mean = weights @ np.array(means)
    return mean, np.tensordot(weights, np.array(seconds), 1) - np.outer(mean, mean)


def test_few_processes_matter():
    features, values = made_up(60, 1)
    known, others = (
        Features(*(part[rows] for part in features)) for rows in (slice(20), slice(20, 60))
    )
    found = gaussian_process_posterior(known, values[:20])(others)
    ranked = gaussian_process(known, values[:20])(others)
    assert stats.spearmanr(found.mean, ranked).statistic > 0.99


def test_a_predictor_says_how_sure_it_is():
    space, generator = NasBench201(), np.random.default_rng(0)
    drawn = (space.sample(generator) for _ in range(80))
    cells = [cell for cell in drawn if space.carries_signal(cell)][:60]
    dead = space.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    predictor = FewLabelStructure()
    predictor.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    scores = [predictor.score_one(cell) for cell in [*cells, dead]]
    assert predictor.distribution(scores) is None
    assert predictor.draw(scores, 2, generator) is None
    macs = np.array([space.macs(space.canonical(cell)) for cell in cells], dtype=float)
    predictor.fit(scores[:20], macs[:20])
    mean, deviation = predictor.distribution(scores)
    assert stats.spearmanr(mean[20:60], macs[20:]).statistic > 0.8
    assert deviation[:20].mean() < deviation[20:60].mean()
    assert math.isnan(mean[60])
    assert math.isnan(deviation[60])
    drawn = predictor.draw(scores, 500, generator)
    np.testing.assert_allclose(drawn[:, :60].mean(axis=0), mean[:60], atol=0.3)
    assert np.isnan(drawn[:, 60]).all()
    ridge = FewLabelStructure(models=["ridge"])
    ridge.fit(scores[:20], macs[:20])
    assert ridge.distribution(scores) is None
    assert ridge.draw(scores, 2, generator) is None


def test_an_interval_holds_as_many_as_it_says():
    generator = np.random.default_rng(0)
    mean, deviation = generator.standard_normal(5000), generator.uniform(0.1, 2, 5000)
    shares = stats.norm.cdf(mean + deviation * generator.standard_normal(5000))
    low, high = rank_interval(Distribution(mean, deviation), 0.8)
    assert ((low <= shares) & (shares <= high)).mean() == pytest.approx(0.8, abs=0.02)
    assert ((low >= 0) & (high <= 1)).all()
