"""The largest multiply-accumulates of each space: those of the networks that are scored."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.eproxy.config import resolve
from naslib_proxydata.predictors.eproxy.mac_reference import MAC_REFERENCE
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.counting import on_meta
from naslib_proxydata.spaces.transnas.macro import all_skeletons

SPACES = load_plugins((), ())
RECORDS = {
    "nds-amoeba-in": ("Amoeba_in",),
    "nds-darts-in": ("DARTS_in", "DARTS_fix-w-d_in", "DARTS_lr-wd_in"),
    "nds-enas-in": ("ENAS_in",),
    "nds-nasnet-in": ("NASNet_in",),
    "nds-resnext-a-in": ("ResNeXt-A_in",),
    "nds-resnet-in": ("ResNet_lr-wd_in",),
    "nds-vanilla-in": ("Vanilla_lr-wd_in",),
}


def counted(trunk, size):
    """Multiply the output's pixels by each filter's weights, without our counts."""
    total = 0

    def add(layer, inputs, output):
        nonlocal total
        height, width = output.shape[2:]
        kernel = layer.kernel_size[0] * layer.kernel_size[1]
        pairs = layer.in_channels * layer.out_channels // layer.groups
        total += kernel * pairs * height * width

    for layer in trunk.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(add)
    taps = trunk.to("meta").eval()(torch.empty(1, 3, size, size, device="meta"))
    return total, [tap.shape[1] for tap in taps]


def small(space):
    """Draw some canonical architectures that carry signal and take the smallest."""
    generator = np.random.default_rng(7)
    drawn = [space.canonical(space.sample(generator)) for _ in range(3)]
    return min(filter(space.carries_signal, drawn), key=space.params)


def built(space, architecture):
    """Build the trunk that is trained; without storage where the space can."""
    if isinstance(space, ConstructedSpace):
        return on_meta(lambda: space.construct_trunk(architecture, 3))
    return space.trunk(architecture, torch_generator(0, "eproxy", "network"))


@pytest.mark.parametrize(
    "name",
    [
        *("nb101", "nb201", "transnas-micro", "transnas-macro", "s3", "s4"),
        *("nds-enas-in", "nds-resnet-in", "nds-resnext-a-in"),
        *("mobilenet", "nasbench-mr"),
    ],
)
def test_macs_and_taps_are_those_of_the_trunk_that_is_trained(name):
    space = SPACES.create("spaces", name)
    architecture = small(space)
    trunk = built(space, architecture)
    macs, channels = counted(trunk, space.image_size)
    assert space.scored_macs(architecture) == macs
    assert tuple(channels) == trunk.channels
    fixed = {"nb101": [512, 256, 128], "nb201": [64, 32, 16]}
    assert channels == fixed.get(name, channels)


@pytest.mark.parametrize("name", SPACES.names("spaces"))
def test_every_space_has_a_tap_for_each_branch_of_its_start_point(name):
    space = SPACES.create("spaces", name)
    channels = built(space, small(space)).channels
    assert len(channels) == 3
    assert len(channels) >= len(resolve({}, name).branches)


def test_no_network_of_nb201_and_of_transnas_exceeds_the_reference():
    nb201 = SPACES.create("spaces", "nb201")
    full = nb201.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
        "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    )
    assert nb201.scored_macs(full) == MAC_REFERENCE["nb201"]  # every edge has the dearest operation
    macro = SPACES.create("spaces", "transnas-macro")
    assert max(map(macro.scored_macs, all_skeletons())) == MAC_REFERENCE["transnas-macro"]
    micro = SPACES.create("spaces", "transnas-micro")
    assert micro.scored_macs(micro.parse("64-41414-3_33_333")) == MAC_REFERENCE["transnas-micro"]


def test_the_largest_macro_skeleton_by_hand():
    """64-222113: 64 to 512 channels at 8x8, all cells of two 3x3 convolutions, then 4x4."""
    stem = 9 * (3 * 32 * 16**2 + 32 * 64 * 8**2)
    widening = sum(
        64 * (9 * (i * o + o * o) + i * o + 9 * 2 * o * o)
        for i, o in ((64, 128), (128, 256), (256, 512))
    )
    plain = 2 * 64 * (9 * 4 * 512 * 512)
    halved = 16 * (9 * 4 * 512 * 512 + 512 * 512)
    assert stem + widening + plain + halved == MAC_REFERENCE["transnas-macro"]


def test_no_cell_of_nb101_exceeds_the_reference():
    """A path through five 3x3 convolutions of full width leaves three edges of the nine."""
    space = SPACES.create("spaces", "nb101")
    pairs = list(itertools.combinations(range(7), 2))
    path = {(v, v + 1) for v in range(6)}
    largest = 0
    for further in itertools.combinations(sorted(set(pairs) - path), 3):
        bits = "".join("01"[pair in path | set(further)] for pair in pairs)
        largest = max(largest, space.scored_macs(space.parse(f"{bits}:00000")))
    assert largest == MAC_REFERENCE["nb101"]


@pytest.mark.parametrize("name", RECORDS)
def test_no_recorded_network_of_nds_exceeds_the_reference(name, shared_data):
    space = SPACES.create("spaces", name)
    texts = {
        json.dumps(record["net"], sort_keys=True)
        for file in RECORDS[name]
        for record in records(shared_data / "nds" / f"{file}.json.gz")
    }
    macs = [space.scored_macs(space.from_record(json.loads(text))) for text in texts]
    assert max(macs) == MAC_REFERENCE[name]


def test_no_network_of_nasbench_mr_exceeds_the_reference(shared_data):
    space = SPACES.create("spaces", "nasbench-mr")
    with gzip.open(shared_data / "nasbench_mr.json.gz") as file:
        archs = json.load(file)["archs"]
    networks = list(map(space.from_record, archs))
    widest = max(networks, key=space.scored_macs)
    largest = space.scored_macs(widest)
    assert largest == 13_694_795_776
    assert 0.997 < largest / MAC_REFERENCE["nasbench-mr"] < 1
    assert space.macs(widest) < largest / 15  # the published network's, behind a stem of stride 4


def records(path: Path):
    with gzip.open(path) as file:
        content = json.load(file)
    if isinstance(content, dict):
        return [record for part in content.values() if isinstance(part, list) for record in part]
    return content
