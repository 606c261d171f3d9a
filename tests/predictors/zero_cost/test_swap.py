from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_cost.swap import (
    MOST_IMAGES,
    RegSwap,
    Swap,
    gaussian_weights,
    log_size_factor,
    patterns,
    swap,
)
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images, tiny_batch, tiny_network

SPACE = NasBench201(channels=2, cells_per_stage=1)
SMALL = "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
LARGE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def patterns_by_hand(network: nn.Sequential, images: Tensor) -> set[tuple[bool, ...]]:
    """For every unit of every ReLU the images that switch it on, one unit after another."""
    found = set()
    features = images
    for layer in network:
        features = layer(features)
        if isinstance(layer, nn.ReLU | nn.ReLU6):
            units = features.flatten(1).T.tolist()
            found |= {tuple(value > 0 for value in unit) for unit in units}
    return found


def test_a_pattern_says_which_images_switch_a_unit_on() -> None:
    activations = torch.tensor([[1.0, 0.0, 2.0, 5.0], [0.0, 0.0, 3.0, 0.0]])
    assert patterns(activations).tolist() == [0b00, 0b01, 0b11]


@pytest.mark.parametrize("count", [2, 5, 20, MOST_IMAGES])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_distinct_patterns_are_counted_over_all_layers(
    count: int, memory_format: torch.memory_format
) -> None:
    images = tiny_batch(count)[0].contiguous(memory_format=memory_format)
    assert swap(tiny_network(), images) == len(patterns_by_hand(tiny_network(), images))


def test_relu6_has_units_too_and_a_network_without_units_no_pattern() -> None:
    network, images = tiny_network(), tiny_batch(6)[0]
    expected = len(patterns_by_hand(network, images))
    network[2] = nn.ReLU6()
    assert swap(network, images) == expected
    assert swap(nn.Sequential(nn.Flatten()), images) == 0


def test_weights_are_standard_normal_and_biases_zero() -> None:
    network = nn.Sequential(nn.Conv2d(8, 64, 3), nn.BatchNorm2d(64), nn.Linear(64, 64))
    gaussian_weights(network, torch.Generator().manual_seed(0))
    for layer in (network[0], network[2]):
        assert float(layer.weight.detach().mean()) == pytest.approx(0, abs=0.06)
        assert float(layer.weight.detach().std()) == pytest.approx(1, abs=0.06)
        assert not bool(layer.bias.any())
    assert bool((network[1].weight == 1).all())


def prepared(predictor: Swap) -> Swap:
    predictor.prepare(ScoringTask(SPACE, random_images(24)))
    return predictor


def test_repeats_average_over_draws_and_begin_with_the_same() -> None:
    cell = SPACE.parse(LARGE)
    one, two, three = (
        prepared(Swap(repeats=repeats)).score_one(cell).value for repeats in (1, 2, 3)
    )
    second, third = 2 * two - one, 3 * three - 2 * two
    assert one != second != third
    assert second == int(second)  # a count again


def test_the_size_factor_has_its_worked_values() -> None:
    assert log_size_factor(1.5, 1.5, 0.3) == 0
    assert math.exp(log_size_factor(0.5, 1.5, 2.0)) == pytest.approx(0.6065307, rel=1e-6)
    assert log_size_factor(3.0, 1.5, 1.5) == log_size_factor(0.0, 1.5, 1.5) == -1.5


def test_reg_swap_is_the_logarithm_of_the_product() -> None:
    plain, regularised = prepared(Swap()), prepared(RegSwap(mu=0.01, sigma=1e-4))
    for text in (SMALL, LARGE):
        score = regularised.score_one(SPACE.parse(text))
        millions = SPACE.params(SPACE.parse(text)) / 1e6
        assert score.details["params_millions"] == millions
        product = score.details["patterns"] * math.exp(-((millions - 0.01) ** 2) / 1e-4)
        assert score.value == pytest.approx(math.log(product), rel=1e-9)
        count = plain.score_one(SPACE.parse(text)).value
        assert score.details["patterns"] == pytest.approx(count, rel=0.1)  # other draws


def test_reg_swap_prefers_the_size_that_it_is_told_to_and_never_underflows() -> None:
    small, large = SPACE.parse(SMALL), SPACE.parse(LARGE)
    at_small, at_large = (SPACE.params(one) / 1e6 for one in (small, large))
    for mu, preferred, other in ((at_small, small, large), (at_large, large, small)):
        predictor = prepared(RegSwap(mu=mu, sigma=1e-9))
        worse = predictor.score_one(other)
        assert math.exp(worse.details["log_factor"]) == 0
        assert predictor.score_one(preferred).value > worse.value > -math.inf


def test_it_is_said_once_that_there_are_nearly_all_patterns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for images, said in ((2, 1), (20, 0)):
        caplog.clear()
        predictor = prepared(Swap(batch_size=images))
        for text in (SMALL, LARGE):
            predictor.score_one(SPACE.parse(text))
        assert len(caplog.records) == said
    assert prepared(Swap(batch_size=2)).score_one(SPACE.parse(LARGE)).value == 4


@pytest.mark.parametrize(
    "options", [{"batch_size": MOST_IMAGES + 1}, {"repeats": 0}, {"sigma": 0}, {"mu": -1}]
)
def test_what_cannot_be_counted_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"predictor 'reg-swap': {next(iter(options))}"):
        RegSwap(**options)
