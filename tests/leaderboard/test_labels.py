"""Draws of labels, and rows that are means over them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.leaderboard.labels import draw_labels, mean_evaluation, mean_interval
from tests.leaderboard.test_rows import subject


def test_labelled_architectures_are_never_ranked():
    values = np.arange(40.0)
    values[[3, 5]] = np.nan
    for labelled, rest in draw_labels(values, 10, 30, 0, "b", "d"):
        assert len(labelled) == 10
        assert sorted([*labelled, *rest]) == list(np.flatnonzero(np.isfinite(values)))


def test_draws_depend_on_seed_and_names_but_not_on_how_many_there_are():
    values = np.arange(30.0)

    def drawn(*arguments):
        return [draw.labelled.tolist() for draw in draw_labels(values, *arguments)]

    first = drawn(5, 4, 0, "nb201", "cifar10")
    assert drawn(5, 7, 0, "nb201", "cifar10")[:4] == first
    assert drawn(5, 4, 1, "nb201", "cifar10") != first
    assert drawn(5, 4, 0, "nb201", "cifar100") != first
    assert len({tuple(one) for one in first}) == 4


def test_every_architecture_is_as_likely_to_be_labelled():
    counts = np.zeros(20)
    for labelled, _ in draw_labels(np.arange(20.0), 5, 2000, 0, "x"):
        counts[labelled] += 1
    assert stats.chisquare(counts).pvalue > 1e-4


def test_too_many_labels_are_an_error():
    values = np.array([1.0, 2.0, np.nan, 3.0, 4.0])
    draw_labels(values, 2, 1, 0, "x")
    with pytest.raises(ConfigError, match=r"3 labelled .* fewer than two of the 4 .* in nb201 c10"):
        draw_labels(values, 3, 1, 0, "nb201", "c10")


def test_a_row_is_the_mean_over_draws():
    generator = np.random.default_rng(0)
    values = generator.normal(size=60)
    noisy = values + generator.normal(size=60)
    noisy[:2] = -np.inf
    draws = draw_labels(values, 10, 6, 0, "x")
    seen = []

    def rank(labelled, rest):
        seen.append(labelled.tolist())
        return noisy[rest]

    evaluation = mean_evaluation(rank, values, draws, subject())
    finite = np.maximum(noisy, -1e9)
    rhos = [stats.spearmanr(finite[rest], values[rest]).statistic for _, rest in draws]
    row = evaluation.row
    assert seen == [draw.labelled.tolist() for draw in draws]
    assert row.spearman == pytest.approx(np.mean(rhos))
    assert row.spearman_std == pytest.approx(np.std(rhos, ddof=1))
    expected = stats.ttest_1samp(rhos, 0).confidence_interval(0.95)
    assert (row.spearman_low, row.spearman_high) == pytest.approx(tuple(expected))
    assert (row.n, row.labels, row.draws) == (50, 10, 6)
    assert row.top10_low < row.top10_retrieval < row.top10_high
    assert evaluation.scores.shape == evaluation.values.shape == (50,)


def test_one_draw_has_no_interval():
    assert all(math.isnan(end) for end in mean_interval([0.5]))
