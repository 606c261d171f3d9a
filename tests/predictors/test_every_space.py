"""The proxies that read a network's modules find what they need in the networks of every space."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from naslib_proxydata import plugins
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.counting import count_layers
from tests.predictors.zero_cost.references import random_images

FOUND = plugins.load()
SPACES = (
    *("nb101", "nb201", "transnas-micro", "transnas-macro", "s4"),
    *("nds-darts-in", "nds-resnext-a-in", "mobilenet", "nasbench-mr"),
)


def smallest(space: SearchSpace[Any]) -> Any:
    """Return the smallest of a few architectures that carry signal."""
    generator = np.random.default_rng(0)
    drawn = [space.sample(generator) for _ in range(3)]
    return min(filter(space.carries_signal, drawn), key=space.params)


@pytest.mark.parametrize("name", SPACES)
def test_scores_are_finite(name: str) -> None:
    space = FOUND.create("spaces", name)
    task = ScoringTask(space, random_images(2))
    architecture = smallest(space)
    for proxy in ("swap", "near", "wrcor"):
        predictor = FOUND.create("predictors", proxy, batch_size=2)
        predictor.prepare(task)
        score = predictor.score_one(architecture)
        assert math.isfinite(score.value), f"{proxy}: {score.reason}"


@pytest.mark.parametrize("name", SPACES)
def test_layers_are_counted_as_on_the_network_that_is_built(name: str) -> None:
    space = FOUND.create("spaces", name)
    canonical = space.canonical(smallest(space))
    built = count_layers(space.network(canonical, torch_generator(0, "network")))
    assert space.trainable_layers(canonical) == built > 5
