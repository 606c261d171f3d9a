"""What Eproxy's settings allow, and what they say otherwise."""

from __future__ import annotations

import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.eproxy.config import EproxyConfig, resolve
from naslib_proxydata.predictors.eproxy.predictor import Eproxy

NET, HIGH = ("net",), ("sine_high",)
RELEASE = {  # methods.md A: (mid, out) a branch, transform kernel, learning rate, decay, images
    "nb101": ([(512, 64)], NET, 1, 1.2, 0.5, 16),
    "nb201": ([(128, 128)] * 3, HIGH, 1, 1.2, 0.5, 16),
    "nds-darts": ([(256, 256), (64, 64), (64, 64)], NET, 3, 1.0, 0.5, 16),
    "nds-enas-in": ([(256, 256), (64, 64), (64, 64)], NET, 3, 1.0, 0.5, 16),
    "nds-resnet": ([(128, 128)] * 3, NET, 3, 1.2, 0.5, 16),
    "nds-resnext-a-in": ([(256, 256)] * 3, NET, 3, 1.0, 0.5, 16),
    "nds-resnext-b": ([(128, 128)] * 3, NET, 3, 1.0, 0.5, 64),
    "transnas-micro": ([(32, 32)] * 3, NET, 1, 1.0, 0.5, 16),
    "transnas-macro": ([(32, 32)] * 3, NET, 1, 1.0, 0.5, 16),
    "nasbench-mr": ([(32, 32)] * 3, NET, 1, 1.0, 1.0, 16),
    "darts": ([(512, 32)], NET, 1, 1.2, 0.5, 16),
}


@pytest.mark.parametrize("space", RELEASE)
def test_release_preset_by_space(space):
    channels, features, kernel, rate, decay, batch = RELEASE[space]
    config = resolve({}, space)
    assert [(b.mid_channels, b.out_channels) for b in config.branches] == channels
    assert {b.features for b in config.branches} == {features}
    assert {(b.transform_kernel, b.barrier_kernel) for b in config.branches} == {(kernel, 3)}
    assert (config.learning_rate, config.branch_decay, config.batch) == (rate, decay, batch)
    assert (config.iterations, config.momentum, config.weight_decay) == (10, 0.9, 4e-5)
    assert config.resize == ("bilinear" if space == "nasbench-mr" else "nearest")
    assert Eproxy().images_for(space) == batch


def test_a_space_nobody_knows_gets_the_general_start_point():
    assert resolve({}, "mine").branches == resolve({}, "nb101").branches


@pytest.mark.parametrize(
    ("name", "space"),
    [
        *((name, name) for name in ("nb101", "nb201", "darts", "nasbench-mr")),
        ("transnas", "transnas-macro"),
        ("nds-cells", "nds-pnas-in"),
        *((f"nds-{one}", f"nds-{one}-in") for one in ("resnet", "resnext-a", "resnext-b")),
    ],
)
def test_a_start_point_of_another_space_is_a_preset(name, space):
    released, named = resolve({}, space), resolve({"preset": name}, "nb101")
    kept = {"preset", "mac_reference"}
    assert named.model_dump(exclude=kept) == released.model_dump(exclude=kept)


def test_paper_preset_and_overrides():
    config = resolve({"preset": "paper", "iterations": 3}, "nb201")
    assert (config.learning_rate, config.weight_decay, config.iterations) == (1.0, 1e-5, 3)
    assert [b.features for b in config.branches] == [("net",)]


def test_a_resolved_config_reads_back_into_itself():
    config = resolve({"barrier": False}, "nb201")
    assert resolve(config.model_dump(mode="json"), "nb201") == config
    assert EproxyConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learningrate": 1.0}, ["learningrate", "Did you mean 'learning_rate'"]),
        ({"learning_rate": 0}, ["learning_rate", "greater than 0", "got 0"]),
        ({"learning_rate": "fast"}, ["learning_rate", "'fast'"]),
        ({"iterations": 0}, ["iterations", "got 0"]),
        ({"batch": 1}, ["batch", "got 1"]),
        ({"images": "nois"}, ["images", "'task' or 'noise'"]),
        ({"network_init": "he"}, ["network_init", "kaiming_normal"]),
        ({"branches": []}, ["branches", "at least 1"]),
        ({"branches": [{}] * 4}, ["branches", "at most 3"]),
        ({"branches": [{"barrier_kernel": 5}]}, ["branches.0.barrier_kernel", "got 5"]),
        ({"branches": [{"out_channels": 513}]}, ["branches.0.out_channels", "512"]),
        ({"branches": [{"levels": 1}]}, ["branches.0.levels", "Did you mean 'level'"]),
        ({"branches": [{"features": ["sine"]}]}, ["branches.0.features", "sine_low"]),
        ({"branches": [{"features": ["dot", "dot"]}]}, ["each feature once"]),
        ({"mac_alpha": 2}, ["mac_alpha", "got 2"]),
        ({"read_at": 11}, ["read_at must be one of the 10 iterations, got 11"]),
        ({"read_at": 0}, ["read_at", "got 0"]),
        ({"transform": False, "barrier": False}, ["transform and barrier cannot both be false"]),
    ],
)
def test_mistakes_are_named(options, words):
    with pytest.raises(ConfigError) as error:
        Eproxy(**options)
    for word in ("predictor 'eproxy'", *words):
        assert word in str(error.value)


def test_the_mac_term_needs_to_know_the_largest_architecture():
    assert Eproxy(mac_alpha=0.1).config.mac_alpha == 0.1  # the space is not known yet
    assert resolve({"mac_alpha": 0.1}, "nb201").mac_reference == 220_119_040
    assert resolve({"mac_alpha": 0.1, "mac_reference": 1e9}, "mine").mac_reference == 1e9
    with pytest.raises(ConfigError, match=r"mac_reference.*nb201.*'mine'"):
        resolve({"mac_alpha": 0.1}, "mine")


def test_settings_are_plain_and_tell_configs_apart():
    assert Eproxy().settings() != Eproxy(barrier=False).settings()
    assert Eproxy(barrier=False).settings() == {"preset": "release", "barrier": False}
