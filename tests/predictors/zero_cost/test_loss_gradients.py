"""grad-norm, snip and fisher are of one network and one pass, whether scored together or alone."""

from __future__ import annotations

import math

import pytest

import naslib_proxydata
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.zero_cost.fisher import Fisher
from naslib_proxydata.predictors.zero_cost.grad_norm import GradNorm
from naslib_proxydata.predictors.zero_cost.loss_gradients import (
    GRADIENT_NORM,
    SALIENCIES,
    SENSITIVITY,
    LossGradients,
)
from naslib_proxydata.predictors.zero_cost.snip import Snip
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|"
SUMS = {GRADIENT_NORM: 1.0, SENSITIVITY: 2.0, SALIENCIES["weight"]: 3.0, SALIENCIES["channel"]: 4.0}


@pytest.mark.parametrize(
    ("predictor", "expected"),
    [(GradNorm(), 1.0), (Snip(), 2.0), (Fisher(), 3.0), (Fisher(per="channel"), 4.0)],
)
def test_each_takes_its_own_sum(predictor, expected):
    assert predictor.combine({"loss-gradients": Score(1.0, seconds=5.0, details=SUMS)}) == Score(
        expected, seconds=5.0
    )


def test_one_sum_may_fail_alone_and_all_fail_with_the_network():
    details = SUMS | {GRADIENT_NORM: math.inf}
    whole = Score(math.nan, "the proxy is inf", 5.0, details)
    assert Snip().combine({"loss-gradients": whole}).value == 2.0
    failed = GradNorm().combine({"loss-gradients": whole})
    assert math.isnan(failed.value)
    assert failed.reason == "the proxy is inf"
    lost = Score(math.nan, "out of memory", 5.0, transient=True)
    assert Snip().combine({"loss-gradients": lost}) == lost
    dead = Score(-math.inf, "the output does not depend on the input")
    assert Fisher().combine({"loss-gradients": dead}) == dead


def test_alone_they_give_what_is_stored_of_them_together():
    task = ScoringTask(NasBench201(), random_images(8))
    together = LossGradients(batch_size=8)
    together.prepare(task)
    whole = together.score_one(task.space.parse(CELL))
    for predictor in (GradNorm(batch_size=8), Snip(batch_size=8), Fisher(batch_size=8)):
        assert dict(predictor.parts()) == {"loss-gradients": {"batch_size": 8}}
        predictor.prepare(task)
        alone = predictor.score_one(task.space.parse(CELL))
        assert alone.value == predictor.combine({"loss-gradients": whole}).value


def test_a_leaderboard_passes_once_for_all_of_them(tmp_path, monkeypatch):
    passes = []
    measure = LossGradients.measure
    monkeypatch.setattr(
        LossGradients, "measure", lambda *given: passes.append(1) or measure(*given)
    )
    cells = {
        CELL: 0.9,
        CELL.replace("nor_conv_3x3", "nor_conv_1x1"): 0.8,
        CELL.replace("avg_pool_3x3", "skip_connect"): 0.7,
    }
    table = tmp_path / "cells.csv"
    rows = [f"{cell},{accuracy}" for cell, accuracy in cells.items()]
    table.write_text("\n".join(["architecture,accuracy", *rows]))
    board = naslib_proxydata.rank(
        benchmark=f"csv:{table}",
        space="nb201",
        predictors={name: {"batch_size": 4} for name in ("grad-norm", "snip", "fisher")},
        images="digits",
        n=3,
        out=tmp_path / "out",
    )
    assert len(passes) == 3
    assert {"grad-norm", "snip", "fisher"} <= {row.predictor for row in board.rows}
