"""Rows: what is counted, what is ranked, what was published."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata.leaderboard.published import published, published_figures
from naslib_proxydata.leaderboard.rows import (
    Comparison,
    make_evaluation,
    mean_seconds,
)
from naslib_proxydata.predictors.base import Score


def subject(**changes):
    values = {
        "registered_name": "eproxy",
        "benchmark": "nb101",
        "dataset": "cifar10",
        "metric": "validation_accuracy",
        "predictor": "mine",
        "seed": 0,
        "seconds_per_architecture": 0.5,
        "device": "cpu",
        "images": "none",
        "label": "NAS-Bench-101",
        "source": "file",
    }
    return Comparison(**{**values, **changes})


def test_a_row_counts_and_ranks_architectures_with_a_measured_value():
    generator = np.random.default_rng(0)
    values = generator.normal(size=40)
    scores = values + generator.normal(size=40)
    scores[:3] = np.nan
    scores[3:5] = -np.inf
    values[[0, 10, 11]] = np.nan
    evaluation = make_evaluation(scores, values, subject())
    row = evaluation.row
    assert (row.n, row.n_failed, row.n_no_signal) == (37, 2, 2)
    kept = np.isfinite(values)
    plain = np.nan_to_num(scores, nan=-1e9, neginf=-1e8)
    assert row.spearman == pytest.approx(stats.spearmanr(plain[kept], values[kept]).statistic)
    assert row.kendall == pytest.approx(stats.kendalltau(plain[kept], values[kept]).statistic)
    assert row.spearman_low < row.spearman < row.spearman_high
    assert row.predictor == "mine"
    assert row.paper_spearman == 0.65
    assert row.paper_top10 == 0.31
    assert row == make_evaluation(scores, values, subject()).row or math.isnan(row.paper_top10)


def test_a_dataset_without_values_gives_a_row_without_figures():
    row = make_evaluation(np.zeros(3), np.full(3, np.nan), subject()).row
    assert row.n == 0
    assert all(math.isnan(x) for x in (row.spearman, row.kendall, row.top10_retrieval))


def test_every_published_figure_lies_in_its_range():
    for (*_, metric), figure in published_figures().items():
        low, high = {"spearman": (-1, 1), "top10": (0, 100)}[metric]
        assert low <= figure <= high
    assert all(math.isnan(figure) for figure in published("nb101", "cifar10", "unheard-of"))


def test_mean_seconds_leaves_out_what_was_not_computed():
    scores = [Score(1.0, "", 2.0), Score(-math.inf, "no signal", 0.0), Score(math.nan, "x", 4.0)]
    assert mean_seconds(scores) == 3.0
    assert math.isnan(mean_seconds(scores[1:2]))
