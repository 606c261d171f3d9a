"""The built-in metrics pass the contract, and bad ones fail it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata import plugins
from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.testing import MetricContract

FOUND = plugins.load()


class TestMetrics(MetricContract):
    @pytest.fixture(params=FOUND.names("metrics"))
    def metric(self, request: pytest.FixtureRequest) -> Metric:
        return FOUND.create("metrics", request.param)


class Made(Metric):
    name = "made"
    title = "made"

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        found: float = self.function(scores, values)
        return found


class Untitled(Made):
    title = " "


count = iter(range(10**6))


@pytest.mark.parametrize(
    ("metric", "test"),
    [
        (Made(lambda scores, values: "good"), "test_measures_rankings_from_two_architectures_on"),
        (Made(lambda scores, values: scores), "test_measures_rankings_from_two_architectures_on"),
        (Made(lambda scores, values: math.inf), "test_measures_rankings_from_two_architectures_on"),
        (
            Made(lambda scores, values: values[2]),
            "test_measures_rankings_from_two_architectures_on",
        ),
        (
            Made(lambda scores, values: values[np.nanargmax(scores)]),
            "test_takes_failed_scores_and_those_without_signal",
        ),
        (
            Made(lambda scores, values: 1 / int(np.ptp(scores) > 0)),
            "test_takes_scores_and_values_that_do_not_differ",
        ),
        (Made(lambda scores, values: next(count)), "test_is_the_same_for_the_same_ranking"),
        (
            Made(lambda scores, values: float(torch.rand(()))),
            "test_is_the_same_for_the_same_ranking",
        ),
        (Made(lambda scores, values: scores.sort() or 1.0), "test_leaves_its_inputs_alone"),
        (Untitled(lambda scores, values: 1.0), "test_says_what_it_is_called"),
    ],
)
def test_a_bad_metric(metric: Metric, test: str) -> None:
    with pytest.raises((AssertionError, ArithmeticError, LookupError, ValueError)):
        getattr(MetricContract(), test)(metric)


def test_the_contract_wants_its_fixture() -> None:
    function = MetricContract.metric.__wrapped__  # type: ignore[attr-defined]
    with pytest.raises(NotImplementedError, match="metric"):
        function(MetricContract())
