"""SDARTS-ADV and DARTS- against slow references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.base import combine
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.darts_minus import AuxiliarySkip, darts_minus
from naslib_proxydata.oneshot.strategies.pc_darts import pc_darts
from naslib_proxydata.oneshot.strategies.sdarts_adv import ProjectedAscent, clipped, sdarts_adv
from naslib_proxydata.oneshot.supernets.edge import SKIP, MixedEdge
from naslib_proxydata.plugins import load
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import make_learner, random_batch


def moment(epoch: int = 1, epochs: int = 10, seed: int = 0) -> Moment:
    return Moment(epoch, epochs, torch_generator(seed))


def test_clipping_by_hand() -> None:
    weights = torch.tensor([[0.5, -0.2, 1.5], [-0.3, -0.1, -0.2], [0.2, 0.2, 9.0], [1.0, 1, 1]])
    allowed = torch.tensor([[True] * 3, [True] * 3, [True, True, False], [False] * 3])
    expected = [[1 / 3, 0, 2 / 3], [0, 1, 0], [0.5, 0.5, 0], [0, 0, 0]]
    np.testing.assert_allclose(clipped(weights, allowed), expected, atol=1e-7)


def slow_attack(start: np.ndarray, slope: np.ndarray, bound: float, draw: np.ndarray) -> np.ndarray:
    """Seven steps on the loss sum (slope w), whose gradient is the slope, number by number."""

    def inside(row: list[float]) -> list[float]:
        cut = [min(max(value, 0.0), 1.0) for value in row]
        return [value / sum(cut) for value in cut]

    rows = []
    for first, slopes, random in zip(start, slope, draw, strict=True):
        row = inside([w + bound * (2 * u - 1) for w, u in zip(first, random, strict=True)])
        for _ in range(7):
            stepped = [w + 2 * bound / 7 * np.sign(g) for w, g in zip(row, slopes, strict=True)]
            pairs = zip(first, stepped, strict=True)
            row = inside([min(max(w, f - bound), f + bound) for f, w in pairs])
        rows.append(row)
    return np.array(rows)


def test_the_projected_ascent_against_a_slow_one() -> None:
    start = F.softmax(torch.randn(4, 3, generator=torch_generator(1)), -1)
    slope = torch.randn(4, 3, generator=torch_generator(2))
    epoch = 6  # of 10: eps = .03 + .27 / 2

    def loss(weights: Mapping[str, Tensor]) -> Tensor:
        return (slope * weights["cell"]).sum()

    allowed = {"cell": torch.ones(4, 3, dtype=torch.bool)}
    found = ProjectedAscent().perturb({"cell": start}, allowed, loss, moment(epoch))["cell"]
    draw = torch.rand(4, 3, generator=torch_generator(0)).numpy()
    expected = slow_attack(start.numpy(), slope.numpy(), 0.165, draw)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert float(loss({"cell": found})) > float(loss({"cell": start}))


def test_an_attack_that_makes_the_loss_smaller_is_dropped() -> None:
    start = torch.tensor([[0.5, 0.5]])
    calls = []

    def loss(weights: Mapping[str, Tensor]) -> Tensor:
        calls.append(weights["cell"].detach().clone())
        # The tip at the start is the highest point, though every slope beside it leads away.
        return -(weights["cell"] - start).abs().sum()

    allowed = {"cell": torch.ones(1, 2, dtype=torch.bool)}
    ascent = ProjectedAscent(steps=1)
    found = ascent.perturb({"cell": start}, allowed, loss, moment(10))["cell"]
    torch.testing.assert_close(found, start)
    assert len(calls) == 3


@pytest.mark.parametrize("strategy", [sdarts_adv(), combine(pc_darts(), sdarts_adv(steps=2))])
def test_only_the_weights_learn_under_the_attack(strategy) -> None:
    learner = make_learner(strategy, channels=4, warm_up=0)
    batch = random_batch(8, 0)
    alpha = learner.architecture.alpha["cell"].detach().clone()
    with torch.no_grad():
        plain = learner.loss(batch, learner.mixtures(moment(3)))[0]
    attacked, _ = learner.weights_step(batch, moment(3))
    assert float(attacked) >= float(plain) - 1e-5
    torch.testing.assert_close(learner.architecture.alpha["cell"].detach(), alpha)


def test_the_auxiliary_skip_falls_linearly_to_nothing() -> None:
    skip = AuxiliarySkip()
    assert [skip.weight(moment(epoch, 4)) for epoch in (1, 2, 3, 4)] == [1.0, 0.75, 0.5, 0.25]
    assert skip.weight(moment(51, 50)) == 0.0  # after the last epoch


@pytest.mark.parametrize("stride", [1, 2])
def test_an_edge_adds_beta_times_its_input(stride: int) -> None:
    edge = MixedEdge(0, ("none", SKIP, "avg_pool_3x3"), 4, stride, 1, auxiliary=True)
    images = torch.randn(2, 4, 8, 8, generator=torch_generator(0))
    weights = torch.tensor([[0.2, 0.5, 0.3]])
    without = edge(images, Mixture(weights))
    assert edge.auxiliary is not None
    expected = without + 0.25 * (images if stride == 1 else edge.auxiliary(images))
    torch.testing.assert_close(edge(images, Mixture(weights, auxiliary=0.25)), expected)
    assert (edge.auxiliary is edge.operations[SKIP]) is False


def test_a_nb201_cell_with_auxiliary_skips_is_one_with_heavier_skips() -> None:
    plain, more = (make_learner(one, channels=4) for one in (sdarts_adv(), darts_minus()))
    batch = random_batch(8, 0)
    mixed = more.mixtures(moment(3, 4))
    assert mixed["cell"].auxiliary == 0.5
    weights = mixed["cell"].weights.detach().clone()
    weights[:, 1] += 0.5  # the column of skip_connect
    with torch.no_grad():
        loss, logits = more.loss(batch, mixed)
        expected, same = plain.loss(batch, {"cell": Mixture(weights)})
    torch.testing.assert_close(logits, same, rtol=1e-4, atol=1e-5)
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_only_darts_minus_builds_auxiliary_skips_and_a_space_without_edges_is_refused() -> None:
    sizes = {"channels": 4, "cells": 3}
    for space in ("darts", "s2"):
        plain, more = (
            supernet_builder(load(), space, auxiliary=yes, **sizes)(torch_generator(0), None)
            for yes in (False, True)
        )
        extra = {*more.state_dict()} - {*plain.state_dict()}
        assert extra
        assert all(".auxiliary." in name for name in extra)
    for space in ("nb1shot1-1", "mobilenet"):
        with pytest.raises(ConfigError, match="no edges that an auxiliary skip"):
            supernet_builder(load(), space, auxiliary=True)
