from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.nds import spaces as nds
from naslib_proxydata.spaces.nds.anynet import AnyNet
from naslib_proxydata.spaces.nds.anynet_settings import CHOICES
from tests.spaces.nds.test_cells import SmallestContract


@pytest.mark.parametrize("family", ["vanilla", "resnext-a", "resnext-b", "resnet-in"])
class TestContract(SmallestContract):
    samples = 6

    @pytest.fixture
    def space(self, family: str) -> AnyNet:
        return AnyNet(family)


@pytest.mark.parametrize(
    "name",
    [
        "nds-resnext-a-in",
        "nds-resnet-lr-wd-in",
        "nds-vanilla-lr-wd-in",
        "nds-resnet-reruns",
        "nds-vanilla-reruns",
    ],
)
def test_published_parameters_and_flops(shared_data: Path, name: str) -> None:
    table = nds.tables()[name]
    space: Any = nds.make_space(table.space)
    with gzip.open(shared_data / "nds" / f"{table.file}.json.gz") as stream:
        content = json.load(stream)
    records = content if isinstance(content, list) else [content["top"][0], content["mid"][0]]
    for record in records:
        net = space.from_record(record["net"])
        assert space.params(net, num_classes=space.published_classes) == record["params"]
        assert space.published_flops(net) == record["flops"]


@pytest.mark.parametrize("family", CHOICES)
def test_formulas_equal_the_network(family: str) -> None:
    space = AnyNet(family)
    nets = [space.sample(numpy_generator(seed, "formulas")) for seed in range(10)]
    net = min(nets, key=space.params)
    network = on_meta(lambda: space.construct_network(net, 7, 3))
    assert space.params(net, num_classes=7) == count_params(network)
    for size in (32, 50):
        counted = count_macs(network, in_channels=3, image_size=size)
        assert space.macs(net, num_classes=7, image_size=size) == counted


RESNEXT = {
    "block_type": "res_bottleneck_block",
    "bot_muls": [1.0, 0.25, 0.5, 0.25],
    "ds": [1, 2, 2, 2],
    "num_gs": [1, 2, 4, 2],
    "ss": [8, 1, 2, 2],
    "ws": [64, 16, 128, 128],
}


def test_scored_trunk_is_a_cifar_network() -> None:
    """Stem of 12 channels, the first stride read as 1, taps after stages 4, 3, 2."""
    space = AnyNet("resnext-a-in")
    trunk = space.trunk(space.parse(json.dumps(RESNEXT)), torch_generator(0))
    taps = trunk(torch.zeros(1, 3, 32, 32))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(128, 8, 8), (128, 16, 16), (16, 32, 32)]
    stem = next(module for module in trunk.modules() if isinstance(module, torch.nn.Conv2d))
    assert (stem.out_channels, stem.stride, stem.kernel_size) == (12, (1, 1), (3, 3))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"block_type": "res_basic_block"}, "block_type must be 'res_bottleneck_block'"),
        ({"block_type": "res_botleneck_block"}, "Did you mean 'res_bottleneck_block'"),
        ({"ds": [1, 2, 2]}, "ds must be a list of 4 numbers"),
        ({"ws": [64, 16, 128, 12.8]}, "ws must be a list of 4 numbers"),
        ({"ds": [1, 0, 2, 2]}, "stage 2 cannot be built"),
        ({"ds": [2, 2, 2, 2]}, "the first stage is the stem"),
        ({"ss": [16, 1, 2, 2]}, "the first stage is the stem"),
        ({"ss": [8, 4, 2, 2]}, "stage 2 cannot be built"),
        ({"num_gs": [1, 3, 4, 2]}, "stage 2: 3 groups do not divide"),
        ({"bot_muls": []}, "bot_muls must be a list of 4 numbers"),
        ({"depth": 3}, "expected the keys"),
    ],
)
def test_bad_settings_say_why(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArchitectureError, match=f"nds-resnext-a-in: .*{reason}"):
        AnyNet("resnext-a-in").parse(json.dumps({**RESNEXT, **change}))


@pytest.mark.parametrize("ratio", [float("nan"), float("inf")])
def test_a_ratio_that_is_no_number_is_refused(ratio: float) -> None:
    """JSON as Python writes it knows NaN and Infinity."""
    changed = json.loads(json.dumps(RESNEXT))
    changed["bot_muls"][1] = ratio
    with pytest.raises(ArchitectureError, match="bot_muls must be a list of"):
        AnyNet("resnext-a-in").parse(json.dumps(changed))
