from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from naslib_proxydata.naslib_bridge.metrics import evaluate_scores


def test_metrics_are_those_of_scipy_and_sklearn() -> None:
    generator = np.random.default_rng(0)
    measured = 90 + generator.random(40)
    scores = measured + generator.normal(0, 0.3, 40)
    found = evaluate_scores(measured, scores)
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(measured, scores))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(measured, scores))
    assert found["pearson"] == pytest.approx(abs(stats.pearsonr(measured, scores)[0]))
    assert found["spearman"] == pytest.approx(stats.spearmanr(measured, scores)[0])
    assert found["kendalltau"] == pytest.approx(stats.kendalltau(measured, scores)[0])
    assert found["kt_1dec"] == pytest.approx(stats.kendalltau(measured, scores.round(1))[0])
    best = set(np.argsort(measured)[-10:]) & set(np.argsort(scores)[-10:])
    assert found["precision_10"] == len(best) / 10
    tenth = set(np.argsort(measured)[-4:]) & set(np.argsort(scores)[-4:])
    assert found["top10_retrieval"] == len(tenth) / 4


def test_constant_scores_do_not_turn_to_nan() -> None:
    found = evaluate_scores([90.0, 91.0, 92.0], [1.0, 1.0, 1.0])
    assert found["pearson"] == 0
    assert found["precision_20"] == 1
