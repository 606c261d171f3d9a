from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.tables import nasbench_mr as tables
from naslib_proxydata.testing import SearchSpaceContract

SPACE = NasBenchMr()
SMALL = "16_16-1_1_1_16-1_2_1_1_16_16-1_3_1_1_1_16_16_16-1_4_1_1_1_1_16_16_16_16-16"


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> NasBenchMr:
        return SPACE

    def built(self, space: NasBenchMr) -> list[Any]:
        return [space.parse(SMALL), min(self.sampled(space), key=space.params)]


def test_parameters_and_flops_of_measured_networks(shared_data: Path) -> None:
    """Every fourth; ``benchmarks/check_tables.py`` looks at all. Sources give 9 decimals."""
    table = tables.load(shared_data)
    for row in range(0, len(table), 4):
        net = SPACE.parse(table.architectures()[row])
        params = SPACE.params(net, num_classes=SPACE.published_classes)
        assert params == round(table.published["params"][row] * 1e6)
        assert SPACE.published_flops(net) == round(table.published["flops"][row] * 1e9)


def test_formulas_equal_the_network() -> None:
    for net in (SPACE.parse(SMALL), SPACE.sample(numpy_generator(0, "formulas"))):
        network = on_meta(lambda net=net: SPACE.construct_network(net, 7, 3))
        assert SPACE.params(net, num_classes=7) == count_params(network)
        for size in (32, 50):
            counted = count_macs(network, in_channels=3, image_size=size)
            assert SPACE.macs(net, num_classes=7, image_size=size) == counted


def test_published_line() -> None:
    """The example of the authors' documentation."""
    line = "96_128-1_1_1_48-1_2_1_1_128_8-1_3_1_1_1_128_128_120-4_4_4_4_4_4_128_128_128_128-64"
    net = SPACE.parse(line)
    assert SPACE.text(net) == line
    settings = [[len(one.units), list(one.units), list(one.channels)] for one in net.modules()]
    assert settings == [
        [1, [1], [48]],
        [2, [1, 1], [128, 8]],
        [3, [1, 1, 1], [128, 128, 120]],
        *[[4, [4, 4, 4, 4], [128, 128, 128, 128]]] * 4,
    ]
    record = {
        "input_channel": [96, 128],
        "inverted_residual_setting": settings,
        "last_channel": 64,
    }
    assert SPACE.from_record(record) == net
    assert SPACE.from_code(net.code()) == net
    assert len(net.code()) == 27


def test_taps_are_the_joined_branches() -> None:
    """Of the last module through the last layer, and of the two modules before."""
    net = SPACE.parse("8_16-1_1_1_24-1_2_1_1_32_40-1_3_1_1_1_48_56_64-2_4_1_1_1_1_72_80_88_96-104")
    trunk = SPACE.trunk(net, torch_generator(0))
    taps = trunk(torch.randn(2, 3, 32, 32, generator=torch_generator(1)))
    four = 72 + 80 + 88 + 96
    assert trunk.channels == (104, four, 48 + 56 + 64)
    assert [tuple(tap.shape) for tap in taps] == [(2, width, 8, 8) for width in trunk.channels]


def test_fusions_against_the_definition() -> None:
    """A module of two branches in and three out, written out by hand."""
    from naslib_proxydata.spaces.nasbench_mr.architecture import MrStage
    from naslib_proxydata.spaces.nasbench_mr.network import MrModule

    module = MrModule((8, 16), MrStage(1, (1, 1, 1), (8, 24, 32))).eval()
    first, second = torch.rand(1, 8, 8, 8), torch.rand(1, 16, 4, 4)
    fuse = module.fusions
    up = fuse["1-0"](second).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    top = (fuse["0-0"](first) + up).relu()
    middle = (fuse["0-1"](first) + fuse["1-1"](second)).relu()
    expected = [top, middle, fuse["1-2"](middle)]
    got = module([first, second])
    for value, units, result in zip(expected, module.units, got, strict=True):
        assert torch.allclose(units(value), result)
    assert [tuple(one.shape[1:]) for one in got] == [(8, 8, 8), (24, 4, 4), (32, 2, 2)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("16_16-1", "16-1", "not a network of NAS-Bench-MR"),
        ("16_16-1_1", "16_16-5_1", "place 2 .*must be one of .1, 2, 3, 4., got 5"),
        ("1_2_1_1_16_16", "1_3_1_1_16_16", "stage 2 of NAS-Bench-MR has 2 branches, got 3"),
        ("16_16-1_1_1_16", "16_16-1_1_1_17", "place 4"),
        ("16_16-1_1_1_16", "16_136-1_1_1_16", "place 1"),
        ("-16", "-x", "not a network"),
    ],
)
def test_bad_lines_say_why(old: str, new: str, reason: str) -> None:
    with pytest.raises(ArchitectureError, match=reason):
        SPACE.parse(SMALL.replace(old, new, 1))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            [[1, [1], [16]], [2, [1], [16, 16]]],
            r"setting\[1\] has 2 branches, but 1 numbers of units",
        ),
        ([[1, [1], [16]], [2, [1, 1], [16, 16]]], "1 to 4 equal modules"),
        ([[2, [1, 1], [16, 16]], [1, [1], [16]]], "1 to 4 equal modules"),
        ([[1, [1], [16]], [1, [2], [16]]], "1 to 4 equal modules"),
    ],
)
def test_records_with_mismatched_branches_say_why(settings: list[Any], reason: str) -> None:
    record = {"input_channel": [16, 16], "inverted_residual_setting": settings, "last_channel": 16}
    with pytest.raises(ArchitectureError, match=reason):
        SPACE.from_record(record)


def test_neighbours_differ_in_one_integer() -> None:
    net = SPACE.parse(SMALL)
    code = np.array(net.code())
    for other in SPACE.neighbours(net):
        assert (np.array(other.code()) != code).sum() == 1
    assert len(SPACE.neighbours(net)) == 14 * 3 + 13 * 15
