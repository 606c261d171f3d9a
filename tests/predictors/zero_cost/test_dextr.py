from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.zero_cost.dextr import (
    Dextr,
    dextr,
    extrinsic_curvature,
    great_circle,
    inverse_condition_number,
    output_curvature,
)
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images, tiny_network


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_condition_numbers_of_known_and_of_random_rows() -> None:
    assert inverse_condition_number(torch.diag(torch.tensor([4.0, 1.0, -2.0]))) == 0.25
    assert inverse_condition_number(torch.ones(2, 5)) == pytest.approx(0, abs=1e-12)
    assert inverse_condition_number(torch.zeros(2, 5)) == 0
    rows = torch.randn(4, 9, generator=generator())
    expected = 1 / np.linalg.cond(rows.double().numpy())
    assert inverse_condition_number(rows) == pytest.approx(expected, rel=1e-9)


def test_curvature_of_circle_helix_and_straight_line() -> None:
    circle = torch.tensor([0.0, 5.0]), torch.tensor([-5.0, 0.0])  # of radius 5
    assert extrinsic_curvature(*circle) == pytest.approx(1 / 5)
    helix = torch.tensor([0.0, 3.0, 4.0]), torch.tensor([-3.0, 0.0, 0.0])
    assert extrinsic_curvature(*helix) == pytest.approx(3 / 25)
    # How fast the curve is run through does not matter.
    assert extrinsic_curvature(2 * helix[0], 4 * helix[1] + helix[0]) == pytest.approx(3 / 25)
    assert extrinsic_curvature(torch.ones(3), 2 * torch.ones(3)) == pytest.approx(0, abs=1e-6)
    assert math.isnan(extrinsic_curvature(torch.zeros(3), torch.ones(3)))


def test_the_circle_is_spanned_by_orthonormal_images() -> None:
    first, second = great_circle((1, 3, 4, 4), generator())
    assert first.shape == second.shape == (1, 3, 4, 4)
    gram = torch.stack([first.flatten(), second.flatten()])
    torch.testing.assert_close(gram @ gram.T, torch.eye(2), atol=1e-6, rtol=0)


def test_output_curvature_is_that_of_central_differences() -> None:
    network = tiny_network()
    circle = great_circle((1, 3, 6, 6), generator())
    first, second = (30 * image.double() for image in circle)

    @torch.no_grad()
    def logits(angle: float) -> torch.Tensor:
        found: torch.Tensor = network(math.cos(angle) * first + math.sin(angle) * second)[0]
        return found

    step = 1e-4
    before, here, after = logits(-step), logits(0), logits(step)
    velocity, acceleration = (after - before) / (2 * step), (after - 2 * here + before) / step**2
    expected = extrinsic_curvature(velocity, acceleration)
    assert output_curvature(network, (first, second)) == pytest.approx(expected, rel=1e-4)


def test_a_linear_network_draws_an_ellipse() -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, bias=False))
    circle = great_circle((1, 3, 2, 2), generator())
    start, end = (linear(image)[0].detach().double() for image in circle)
    area = abs(float(start[0] * end[1] - start[1] * end[0]))
    found = output_curvature(linear, circle)
    assert found == pytest.approx(area / float(end.norm()) ** 3, rel=1e-4)


def test_half_the_harmonic_mean_of_the_logarithms() -> None:
    e = math.e
    assert dextr(e**2 - 1, e**6 - 1) == pytest.approx(2 * 6 / (2 + 6))
    assert dextr(e**2 - 1, 0) == 0
    assert dextr(0, 0) == 0
    for nowhere in (math.nan, math.inf):
        assert dextr(e**2 - 1, nowhere) == pytest.approx(2)


def test_the_score_keeps_its_parts() -> None:
    space = NasBench201(channels=2, cells_per_stage=1)
    predictor = Dextr()
    predictor.prepare(ScoringTask(space, random_images()))
    cell = space.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    )
    found = predictor.evaluate(cell)
    assert isinstance(found, Score)
    assert found.value == dextr(found.details["conditioning"], found.details["curvature"])
