from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_cost.epsinas import Epsinas, constant_outputs, epsilon
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images, tiny_batch, tiny_network


def test_epsilon_of_a_worked_example() -> None:
    # Scaled: (0, .5, 1, .25) and (.5, 1, 0, .75); both are there in the second and the fourth.
    first = torch.tensor([1.0, 2.0, 3.0, 1.5])
    second = torch.tensor([-10.0, 0.0, -20.0, -5.0])
    difference = ((1 - 0.5) + (0.75 - 0.25)) / 2
    mean = (0.5 + 1 + 0.25 + 0.5 + 1 + 0.75) / 6
    assert epsilon(first, second) == pytest.approx(difference / mean)


def test_epsilon_equals_a_loop_and_knows_no_scale() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(40, generator=generator).double() for _ in range(2))
    scaled = [
        [(x - min(o)) / (max(o) - min(o)) for x in o] for o in (first.tolist(), second.tolist())
    ]
    gaps = [abs(a - b) for a, b in zip(*scaled, strict=True) if a != 0 and b != 0]
    there = [x for one in scaled for x in one if x != 0]
    expected = (sum(gaps) / len(gaps)) / (sum(there) / len(there))
    assert epsilon(first, second) == pytest.approx(expected)
    assert epsilon(1e-30 * first + 1e-29, 1e9 * second) == pytest.approx(expected)
    assert epsilon(first, first) == 0
    assert math.isnan(epsilon(first, torch.ones(40).double()))


def test_every_weight_is_the_constant_and_every_bias_is_zero() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 2))
    images = tiny_batch(4)[0].float()
    found = constant_outputs(network, images, 0.5)
    summed = 0.5 * images.sum(1)  # both channels of the convolution
    normed = (summed - summed.mean()) / (summed.var(unbiased=False) + 1e-5).sqrt()
    logits = 0.5 * 2 * 0.5 * normed.flatten(1).sum(1)
    torch.testing.assert_close(found, logits.repeat_interleave(2), atol=1e-4, rtol=1e-4)
    assert not found.requires_grad


def test_outputs_that_are_all_equal_fail_with_a_reason() -> None:
    space = NasBench201(channels=2, cells_per_stage=1)
    predictor = Epsinas(batch_size=4, weights=(0.0, 1.0))
    predictor.prepare(ScoringTask(space, random_images()))
    cell = space.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    )
    found = predictor.score_one(cell)
    assert math.isnan(found.value)
    assert found.reason == "with all weights 0 all outputs are equal"


def test_equal_weights_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected two different numbers, got"):
        Epsinas(weights=(1.0, 1.0))


def test_the_draw_of_the_weights_does_not_matter() -> None:
    images = tiny_batch(4)[0]
    one, other = (constant_outputs(tiny_network(seed), images, 1.0) for seed in (0, 1))
    assert torch.equal(one, other)
