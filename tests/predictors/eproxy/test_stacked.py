"""Many architectures at once against one by one, in double precision: nothing may differ."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.eproxy import predictor as room
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.training import Training
from naslib_proxydata.spaces.nb201.five_nodes import NasBench201FiveNodes
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.transnas import network, skeleton, stacked
from naslib_proxydata.spaces.transnas.macro import TransNasMacro
from naslib_proxydata.spaces.transnas.micro import TransNasMicro

CELLS = (
    "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
    "|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|",  # nodes 1 and 2 are not there
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "|skip_connect~0|+|none~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_1x1~2|",
)
MICRO = ("64-41414-0_00_300", "64-41414-1_31_122", "64-41414-3_30_131", "64-41414-2_02_011")
SMALL = [{"features": ["sine_high", "dot"], "mid_channels": 6, "out_channels": 5}] * 3


def single(space, **options):
    """Return a predictor in single precision."""
    generator = torch.Generator().manual_seed(5)
    pixels = torch.rand(4, 3, 32, 32, generator=generator)
    images = ImageBatch(pixels, torch.zeros(4), (0.5,) * 3, (0.25,) * 3, "noise", "", 10)
    predictor = Eproxy(**{"branches": SMALL, "batch": 4, "iterations": 5, **options})
    predictor.prepare(ScoringTask(space, images, 1))
    return predictor


def prepared(space, **options):
    """Return a predictor in double precision."""
    predictor = single(space, **options)
    predictor._images = predictor._images.double()
    predictor._targets = [one.double() for one in predictor._targets]
    predictor._barriers = [one.double() for one in predictor._barriers]
    return predictor


def alone(predictor, architecture):
    """Return the errors of the plain student, (iterations, branches)."""
    student = predictor.student(architecture).double()
    return Training(student, predictor._images, predictor._targets, predictor.config).run()


def assert_as_alone(predictor, architectures, rtol=1e-9):
    together = predictor._training(predictor.stacked(architectures)).run()
    for row, architecture in enumerate(architectures):
        expected = alone(predictor, architecture)
        torch.testing.assert_close(together[:, :, row], expected, rtol=rtol, atol=0)


@pytest.mark.parametrize("way", ["matmul", "grouped"])
def test_cells_train_as_they_do_alone(way):
    space = NasBench201(channels=2, cells_per_stage=2)
    predictor = prepared(space)
    predictor.way = way
    assert_as_alone(predictor, [space.parse(text) for text in CELLS])


def test_cells_of_five_nodes_train_as_they_do_alone():
    space = NasBench201FiveNodes(channels=2, cells_per_stage=1)
    generator = np.random.default_rng(3)
    cells = [space.canonical(space.sample(generator)) for _ in range(3)]
    assert_as_alone(prepared(space), cells)


@pytest.fixture
def small_micro(monkeypatch):
    for module in (skeleton, network, stacked):
        monkeypatch.setattr(module, "BASE_CHANNELS", 4)
    return TransNasMicro()


@pytest.mark.parametrize("way", ["matmul", "grouped"])
def test_micro_cells_train_as_they_do_alone(small_micro, way):
    predictor = prepared(small_micro, learning_rate=0.05)
    predictor.way = way
    # So narrow, a channel that is zero everywhere amplifies rounding 300 times a normalisation.
    assert_as_alone(predictor, [small_micro.parse(text) for text in MICRO], rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"barrier": False},
        {"branches": SMALL[:1]},
        {"branches": [{**SMALL[0], "transform_kernel": 3, "barrier_kernel": 7}] * 2},
        {"resize": "bilinear"},
    ],
)
def test_every_setting_of_the_branches_is_the_same_together(options):
    space = NasBench201(channels=2, cells_per_stage=1)
    assert_as_alone(prepared(space, **options), [space.parse(text) for text in CELLS[:2]])


def test_nothing_is_stacked_where_it_would_not_be_the_same(small_micro):
    space = NasBench201(channels=2, cells_per_stage=1)
    cells = [space.parse(text) for text in CELLS[:2]]
    assert prepared(space, network_init="xavier_normal").stacked(cells) is None
    macro = TransNasMacro()
    assert prepared(macro).stacked([macro.sample(np.random.default_rng(0))] * 2) is None


def test_scores_in_single_precision_are_close_and_those_of_any_group():
    """With a small learning rate; a large one amplifies rounding, whichever way it comes about."""
    space = NasBench201(channels=4, cells_per_stage=1)
    predictor = single(space, learning_rate=1e-3)
    cells = [space.parse(text) for text in CELLS]
    one_by_one = predictor.score(cells)
    many = [score.value for score in predictor.score_many(cells)]
    np.testing.assert_allclose(many, one_by_one, rtol=1e-4)
    others = [score.value for score in predictor.score_many(cells[::-1])]
    np.testing.assert_allclose(others[::-1], many, rtol=1e-4)


def test_what_carries_no_signal_and_what_diverges_is_told_apart():
    space = NasBench201(channels=2, cells_per_stage=1)
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    cells = [space.parse(text) for text in (CELLS[0], none, CELLS[2])]
    good = single(space).score_many(cells)
    assert [math.isfinite(score.value) for score in good] == [True, False, True]
    assert good[1].value == -math.inf
    assert len(good[0].details["losses"]) == 5
    wild = single(space, learning_rate=1e30).score_many(cells)
    assert math.isnan(wild[0].value)
    assert wild[0].reason.startswith("the loss diverged at iteration")
    assert not math.isfinite(wild[0].details["losses"][-1])


def test_mac_term_is_that_of_each_architecture():
    space = NasBench201(channels=2, cells_per_stage=1)
    cells = [space.parse(text) for text in CELLS[:2]]
    plain = single(space, iterations=1).score_many(cells)
    termed = single(space, iterations=1, mac_alpha=0.5).score_many(cells)
    for cell, one, other in zip(cells, plain, termed, strict=True):
        term = 1 - 0.5 * space.scored_macs(space.canonical(cell)) / 220_119_040
        assert other.value == pytest.approx(one.value * term, rel=1e-6)


def test_only_a_gpu_is_given_many_at_once():
    space = NasBench201(channels=2, cells_per_stage=1)
    predictor = single(space)
    assert predictor.together(predictor.task) == 1
    assert predictor.together(ScoringTask(space, None, device="cuda:1")) == room.TOGETHER
    assert predictor.together(ScoringTask(TransNasMacro(), None, device="cuda")) == 1
    drawn = Eproxy(network_init="kaiming_normal")
    assert drawn.together(ScoringTask(space, None, device="cuda")) == 1


def test_a_space_that_may_have_other_trunks_is_scored_one_by_one():
    class Wider(NasBench201):
        def trunk(self, architecture, generator, *, in_channels=3, affine=True):
            return super().trunk(architecture, generator, in_channels=in_channels, affine=affine)

    space = Wider(channels=2, cells_per_stage=1)
    predictor = single(space)
    assert predictor.together(ScoringTask(space, None, device="cuda")) == 1
    assert predictor.stacked([space.parse(CELLS[0])]) is None
