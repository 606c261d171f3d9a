"""Scores of a training run's epochs, against the printed formulas in plain Python."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
import torch

from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.trajectories import (
    area_under_margin,
    dynamic_uncertainty,
    temporal_dual_depth,
)

HISTORY = np.random.default_rng(0).random((9, 4))
"""Nine epochs of four examples."""


def test_the_area_under_the_margin_is_the_mean_margin() -> None:
    margins = [np.array([2.0, -1.0]), np.array([4.0, 0.0]), np.array([0.0, -5.0])]
    np.testing.assert_allclose(area_under_margin(margins), [2.0, -2.0])


def test_dynamic_uncertainty_by_hand() -> None:
    """Windows of two: |p - q| / sqrt(2); the one that ends with the last epoch is left out."""
    history = [np.array([0.0]), np.array([0.4]), np.array([0.6]), np.array([1.0])]
    expected = (0.4 + 0.2) / 2 / math.sqrt(2)
    np.testing.assert_allclose(dynamic_uncertainty(history, 2), [expected])
    np.testing.assert_allclose(dynamic_uncertainty(history[:2], 2), [0.4 / math.sqrt(2)])


@pytest.mark.parametrize("window", [2, 5, 9, 20])
def test_dynamic_uncertainty_is_the_mean_of_windows(window: int) -> None:
    for example in range(4):
        values = HISTORY[:, example].tolist()
        starts = range(9 - window) if window < 9 else [0]  # K - J windows, or the only one
        expected = statistics.fmean(
            statistics.stdev(values[start : start + window]) for start in starts
        )
        assert dynamic_uncertainty(HISTORY, window)[example] == pytest.approx(expected)


@pytest.mark.parametrize("window", [3, 5, 9, 20])
def test_temporal_dual_depth_is_the_weighted_sum(window: int) -> None:
    decay, epochs = 0.9, 9
    length = min(window, epochs)
    for example in range(4):
        values = HISTORY[:, example].tolist()  # that of the first epoch is never used
        expected = 0.0
        for start in range(epochs - length + 1):
            inner = values[start + 1 : start + length]
            norm = math.sqrt(sum((one - statistics.fmean(inner)) ** 2 for one in inner))
            expected += norm * decay * (1 - decay) ** (epochs - length - start)
        assert temporal_dual_depth(HISTORY, window, decay)[example] == pytest.approx(expected)


def test_the_margin_of_logits_by_hand() -> None:
    logits = torch.tensor([[3.0, 1.0, 2.5], [3.0, 1.0, 2.5], [0.0, 0.0, -1.0]])
    margins = formulas.logit_margin(logits, torch.tensor([0, 1, 0]))
    np.testing.assert_allclose(margins, [0.5, -2.0, 0.0])


def test_the_change_between_epochs_by_hand() -> None:
    now, before = torch.tensor([[0.5, 0.5], [1.0, 0.0]]), torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    expected = [0.5 * math.log(2) + 0.5 * math.log(1.5), 0.0]
    np.testing.assert_allclose(formulas.divergence(now, before), expected, atol=1e-6)
