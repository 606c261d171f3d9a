"""What holds for every baseline, on NAS-Bench-201 with two channels."""

from __future__ import annotations

import gc
import importlib
import math
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ConfigError, DatasetError
from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.plugin import register_predictors
from naslib_proxydata.predictors.zero_cost.untrained import UntrainedNetworkPredictor
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images

SMALL: dict[str, dict[str, Any]] = {
    "random": {},
    "params": {},
    "macs": {},
    "layers": {},
    "synflow": {},
    "zico": {"batch_size": 4},
    "zen": {"batch_size": 4, "repeats": 1},
    "swap": {"batch_size": 16},
    "reg-swap": {"batch_size": 16},
    "vkdnw": {"batch_size": 4},
    "meco": {},
    "dextr": {},
    "epsinas": {"batch_size": 8},
    **{
        name: {"batch_size": 8}
        for name in (
            *("grad-norm", "snip", "grasp", "fisher", "naswot", "jacob-cov", "az-nas"),
            *("near", "wrcor", "zero-label"),
        )
    },
}
COUNTS = ("params", "macs", "layers")
SPACE = NasBench201(channels=2, cells_per_stage=1)
LIVE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
OTHER = "|skip_connect~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
# The convolution 0-1 leads nowhere.
DEAD_EDGE = "|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
NO_DEAD_EDGE = "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
NO_SIGNAL = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"


def make(name: str, **options: Any) -> Predictor:
    (registration,) = [one for one in register_predictors() if one.name == name]
    module, _, attribute = str(registration.factory).partition(":")
    factory: Callable[..., Predictor] = getattr(importlib.import_module(module), attribute)
    return factory(**options)


def prepared(name: str, seed: int = 0) -> Predictor:
    predictor = make(name, **SMALL[name])
    predictor.prepare(ScoringTask(SPACE, random_images(), seed))
    return predictor


def score(predictor: Predictor, text: str) -> Score:
    return predictor.score_one(SPACE.parse(text))


@pytest.fixture(params=sorted(SMALL))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_baseline_is_registered_under_its_name_with_its_paper(name: str) -> None:
    (registration,) = [one for one in register_predictors() if one.name == name]
    assert make(name).name == name
    assert registration.paper or name in ("random", *COUNTS, "zero-label")  # ours


def test_scores_are_finite_and_independent_of_order(name: str) -> None:
    first, second = prepared(name), prepared(name)
    forwards = [score(first, text).value for text in (LIVE, OTHER, DEAD_EDGE)]
    backwards = [score(second, text).value for text in (DEAD_EDGE, OTHER, LIVE)]
    assert all(math.isfinite(value) for value in forwards)
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == (2 if name == "layers" else 3)  # two have two convolutions


def test_global_randomness_is_neither_used_nor_changed(name: str) -> None:
    before = torch.get_rng_state()
    first = score(prepared(name), LIVE).value
    assert torch.equal(before, torch.get_rng_state())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(123)
        assert score(prepared(name), LIVE).value == first


def test_floats_are_not_added_by_the_built_in_sum(
    name: str, request: pytest.FixtureRequest
) -> None:
    expected = score(prepared(name), LIVE).value
    request.getfixturevalue("wrong_sum")
    assert score(prepared(name), LIVE).value == expected


def test_seeds_change_what_is_random(name: str) -> None:
    same = score(prepared(name, 0), LIVE).value == score(prepared(name, 1), LIVE).value
    assert same == (name in (*COUNTS, "epsinas"))


def test_dead_edges_count_where_the_predictor_says_so(name: str) -> None:
    predictor = prepared(name)
    with_edge, without = score(predictor, DEAD_EDGE).value, score(predictor, NO_DEAD_EDGE).value
    assert (with_edge != without) == (predictor.sees == "raw")
    assert (predictor.sees == "raw") == (name in ("random", "params", "macs", "naswot"))


def test_no_signal_ranks_last_where_a_network_is_run(name: str) -> None:
    predictor = prepared(name)
    assert (score(predictor, NO_SIGNAL).value == -math.inf) == predictor.needs_network


def test_a_misspelt_option_names_the_closest(name: str) -> None:
    with pytest.raises(ConfigError, match=f"predictor '{name}': unknown key 'batch_sise'"):
        make(name, batch_sise=3)
    if "batch_size" in SMALL[name]:
        with pytest.raises(ConfigError, match="Did you mean 'batch_size'"):
            make(name, batch_sise=3)
        with pytest.raises(ConfigError, match=r"batch_size: .* got 1"):
            make(name, batch_size=1)


def test_settings_are_plain_and_complete(name: str) -> None:
    settings = make(name, **SMALL[name]).settings()
    assert SMALL[name].items() <= dict(settings).items()
    assert make(name, **settings).settings() == settings


def test_images_needed_are_what_is_used() -> None:
    needed = {name: make(name).images_needed for name in SMALL}
    assert {name for name, count in needed.items() if count == 0} == {
        "random", *COUNTS, "synflow", "zen", "az-nas", "vkdnw", "meco",
    }  # fmt: skip
    assert needed["naswot"] == 128
    assert needed["zico"] == 128
    with pytest.raises(DatasetError, match="128 images are needed, 'random' holds 16"):
        make("naswot").prepare(ScoringTask(SPACE, random_images()))


def test_classes_that_the_network_lacks_are_refused() -> None:
    images = random_images(num_classes=12)
    with pytest.raises(DatasetError, match="'random' have class 7, the networks know 5"):
        make("snip", batch_size=8).prepare(ScoringTask(SPACE, images, num_classes=5))


def test_params_and_macs_are_the_spaces_own() -> None:
    cell = SPACE.parse(DEAD_EDGE)
    assert score(prepared("params"), DEAD_EDGE).value == SPACE.params(cell)
    assert score(prepared("macs"), DEAD_EDGE).value == SPACE.macs(cell)


def test_random_is_spread_and_belongs_to_the_architecture() -> None:
    predictor = prepared("random")
    cells = [SPACE.sample(np.random.default_rng(seed)) for seed in range(200)]
    values = predictor.score(cells)
    assert 0.4 < values.mean() < 0.6
    assert 0.2 < values.std() < 0.4
    np.testing.assert_array_equal(values[::-1], predictor.score(cells[::-1]))


@pytest.mark.parametrize("name", ["swap", "reg-swap", "near", "wrcor"])
def test_a_network_whose_output_is_not_finite_is_a_failure(name: str) -> None:
    predictor, images = make(name, **SMALL[name]), random_images()
    predictor.prepare(ScoringTask(SPACE, replace(images, pixels=images.pixels * math.nan)))
    found = score(predictor, LIVE)
    assert math.isnan(found.value)
    assert "finite" in found.reason


class Endless(UntrainedNetworkPredictor):
    name = "endless"

    def measure(self, architecture: Any) -> Score | float:
        return Score(float(architecture), details={"kept": 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_failure_with_a_reason(value: float) -> None:
    found = Endless().evaluate(value)
    assert math.isnan(found.value)
    assert found.reason == f"the proxy is {value}"
    assert found.details == {"kept": 1}


class Watched(NasBench201):
    """Remembers, without keeping them alive, the networks it built."""

    def __init__(self) -> None:
        super().__init__(channels=2, cells_per_stage=1)
        self.built: list[weakref.ref[Any]] = []

    def network(self, *arguments: Any, **options: Any) -> Any:
        network = super().network(*arguments, **options)
        self.built.append(weakref.ref(network))
        return network

    def trunk(self, *arguments: Any, **options: Any) -> Any:
        trunk = super().trunk(*arguments, **options)
        self.built.append(weakref.ref(trunk))
        return trunk


def test_networks_are_freed_at_once(name: str) -> None:
    predictor, space = make(name, **SMALL[name]), Watched()
    predictor.prepare(ScoringTask(space, random_images()))
    gc.disable()
    try:
        for text in (LIVE, OTHER):
            assert math.isfinite(score(predictor, text).value)
        assert not any(reference() for reference in space.built)
    finally:
        gc.enable()
    assert len(space.built) == (2 if predictor.needs_network else 0)


def test_labels_move_gradient_proxies_but_not_the_others() -> None:
    images = random_images()
    relabelled = type(images)(**{**vars(images), "labels": (images.labels + 1) % 10})
    for name in sorted(SMALL):
        values = []
        for batch in (images, relabelled):
            predictor = make(name, **SMALL[name])
            predictor.prepare(ScoringTask(SPACE, batch))
            values.append(score(predictor, LIVE).value)
        uses_labels = name in ("grad-norm", "snip", "grasp", "fisher", "zico", "wrcor")
        assert (values[0] != values[1]) == uses_labels, name
