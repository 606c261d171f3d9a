from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_label.predictor import WEIGHTS, ZeroLabel, weighted_sum
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.transnas.macro import TransNasMacro
from naslib_proxydata.testing.predictor import PredictorContract

CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


class TestZeroLabel(PredictorContract):
    @pytest.fixture
    def factory(self):
        return lambda **options: ZeroLabel(**{"batch_size": 4, **options})


def prepared(space, **options) -> ZeroLabel:
    predictor = ZeroLabel(**{"batch_size": 4, **options})
    predictor.prepare(ScoringTask(space, load_images("noise", 4, seed=0)))
    return predictor


def test_signals_are_what_their_names_say() -> None:
    space = NasBench201(channels=4, cells_per_stage=1)
    predictor = prepared(space)
    cell = space.parse(CELL)
    score = predictor.score_one(cell)
    signals = score.details
    assert set(signals) == set(WEIGHTS)
    assert signals["size"] == pytest.approx(math.log(space.macs(cell)))
    assert signals["path"] == 0  # the skip leads past all convolutions
    with torch.no_grad():
        trunk = space.trunk(space.canonical(cell), predictor.generator("weights")).train()
        features = trunk(predictor.inputs)[0].numpy()
    rows = features.transpose(0, 2, 3, 1).reshape(-1, features.shape[1])
    share = np.linalg.svd(rows - rows.mean(0), compute_uv=False).astype(np.float64) ** 2
    share = share / share.sum()
    assert signals["features"] == pytest.approx(-np.sum(share * np.log(share)), rel=1e-3)
    by_hand = signals["size"] + signals["features"] + signals["channels"] - 0.3 * signals["path"]
    assert score.value == pytest.approx(by_hand)


def test_what_is_left_out_is_not_computed() -> None:
    space = NasBench201(channels=4, cells_per_stage=1)
    whole = prepared(space).score_one(space.parse(CELL))
    for name in WEIGHTS:
        part = prepared(space, without=[name]).score_one(space.parse(CELL))
        assert set(part.details) == set(WEIGHTS) - {name}
        assert part.value == pytest.approx(whole.value - WEIGHTS[name] * whole.details[name])


def test_a_longer_way_counts_against_a_cell() -> None:
    assert weighted_sum({"size": 1.0, "path": 2.0}) < weighted_sum({"size": 1.0, "path": 1.0})


def test_unknown_and_all_signals_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'chanels'\. Did you mean 'channels'"):
        ZeroLabel(without=["chanels"])
    with pytest.raises(ConfigError, match="at least one signal"):
        ZeroLabel(without=list(WEIGHTS))


def test_the_deepest_macro_skeleton_has_a_score() -> None:
    """At 64 pixels its maps would shrink to one position, and normalisation would fail."""
    score = prepared(TransNasMacro()).score_one(TransNasMacro().parse("64-333411-basic"))
    assert math.isfinite(score.value), score.reason


def test_meco_scores_the_deepest_macro_skeleton_too() -> None:
    (value,) = naslib_proxydata.score("meco", "transnas-macro", ["64-333411-basic"], images="noise")
    assert math.isfinite(value)
