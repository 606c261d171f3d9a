"""What a predictor may return, and what becomes of everything else."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch

from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.zero_cost.untrained import UntrainedNetworkPredictor
from naslib_proxydata.spaces.nb201.space import NasBench201

SPACE = NasBench201(channels=2, cells_per_stage=1)
CELL = SPACE.parse("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|none~2|")


class Returns(Predictor):
    """Returns what it was made with."""

    name = "returns"

    def __init__(self, returned):
        self.returned = returned

    def evaluate(self, architecture):
        return self.returned


class Measures(UntrainedNetworkPredictor):
    """The same, as one of the proxies of untrained networks."""

    name = "measures"

    def __init__(self, returned):
        super().__init__()
        self.returned = returned

    def measure(self, architecture):
        return self.returned


KINDS = pytest.mark.parametrize("kind", [Returns, Measures])


def scored(predictor):
    predictor.prepare(ScoringTask(SPACE, load_images("noise", 1, 0)))
    return predictor.score_one(CELL)


@KINDS
@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (2, 2.0),
        (2.5, 2.5),
        (Fraction(1, 4), 0.25),
        (np.float32(0.1), 0.10000000149011612),
        (np.int64(-3), -3.0),
        (np.array(1.5), 1.5),
        (np.longdouble(0.5), 0.5),
        (torch.tensor(0.1), 0.10000000149011612),
        (torch.tensor(7), 7.0),
        (torch.tensor(2.0, requires_grad=True), 2.0),
        pytest.param(10**300, 1e300, id="10**300"),
    ],
)
def test_a_real_number_is_a_score(kind, returned, value):
    for given in (returned, Score(returned, details={"kept": 1})):
        score = scored(kind(given))
        assert type(score.value) is float
        assert (score.value, score.reason) == (value, "")
    assert score.details == {"kept": 1}


@KINDS
@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (None, "None"),
        ("0.9", "str '0.9'"),
        (1 + 2j, r"complex \(1\+2j\)"),
        pytest.param(10**400, "int beyond the largest float", id="10**400"),
        pytest.param(10**9000, "int beyond the largest float", id="10**9000"),
        (True, "bool True"),
        (np.bool_(True), "bool"),
        (torch.tensor(False), "Tensor"),
        (np.array([1.0, 2.0, 3.0]), r"ndarray of shape \(3,\)"),
        (np.array([1.0]), r"ndarray of shape \(1,\)"),
        (torch.zeros(2, 5), r"Tensor of shape \(2, 5\)"),
        (np.complex128(1j), "complex128"),
        ([0.1, 0.2], "list"),
        ({"score": 1.0}, "dict"),
    ],
)
def test_anything_else_is_a_failed_score_that_says_what_was_returned(kind, returned, what):
    score = scored(kind(returned))
    assert math.isnan(score.value)
    expected = rf"the predictor returned {what}.*, expected one real number"
    assert re.fullmatch(expected, score.reason), score.reason
    score = scored(kind(Score(returned, details={"kept": 1})))
    assert math.isnan(score.value)
    expected = rf"the predictor returned a Score whose value is {what}.*, expected one real number"
    assert re.fullmatch(expected, score.reason), score.reason
    assert score.details == {"kept": 1}


def test_a_predictors_own_reason_is_kept():
    score = scored(Returns(Score(None, "the loss diverged")))
    assert score.reason.startswith("the loss diverged; the predictor returned a Score whose value")
    assert scored(Returns(Score(math.nan, "the loss diverged"))).reason == "the loss diverged"
    assert scored(Returns(math.nan)).reason == "the score is not a number"
    assert scored(Measures(-math.inf)).reason == "the proxy is -inf"


def test_one_bad_score_does_not_stop_the_others():
    class Sometimes(Returns):
        def evaluate(self, architecture):
            return None if architecture == CELL else 1.0

    predictor = Sometimes(0)
    predictor.prepare(ScoringTask(SPACE, load_images("noise", 1, 0)))
    other = SPACE.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    np.testing.assert_array_equal(predictor.score([CELL, SPACE.canonical(other)])[1:], [1.0])


class Together(Predictor):
    """Scores by the number of edges, any number at once, and cannot hold more than two."""

    name = "together"

    def __init__(self, error):
        self.error, self.sizes = error, []

    def evaluate(self, architecture):
        return float(len(list(architecture.edges())))

    def evaluate_many(self, architectures):
        self.sizes.append(len(architectures))
        if len(architectures) > 2:
            raise self.error
        return super().evaluate_many(architectures)


def test_many_at_once_are_halved_until_they_fit():
    none = SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    predictor = Together(torch.cuda.OutOfMemoryError("CUDA out of memory"))
    predictor.prepare(ScoringTask(SPACE, load_images("noise", 1, 0)))
    scores = predictor.score_many([CELL, none, CELL, CELL, CELL])
    assert [score.value for score in scores] == [
        predictor.score_one(cell).value for cell in (CELL, none, CELL, CELL, CELL)
    ]
    assert predictor.sizes == [4, 2, 2]
    assert predictor.score_many([]) == []


def test_a_setting_that_does_not_fit_is_not_tried_in_halves():
    predictor = Together(ProxyDataError("the setting does not fit"))
    predictor.prepare(ScoringTask(SPACE, load_images("noise", 1, 0)))
    with pytest.raises(ProxyDataError, match="does not fit"):
        predictor.score_many([CELL] * 3)
    assert predictor.sizes == [3]
