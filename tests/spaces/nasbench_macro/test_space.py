from __future__ import annotations

import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.nasbench_macro.space import NasBenchMacro
from naslib_proxydata.testing import SearchSpaceContract

SPACE = NasBenchMacro()


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> NasBenchMacro:
        return SPACE


@pytest.mark.parametrize(
    ("text", "params", "macs"),
    [
        ("00000000", 387_882, 7_713_280),
        ("22222222", 2_932_586, 105_660_928),
        ("01210212", 2_114_922, 59_306_496),
        ("11111111", 1_588_874, 53_246_464),
        ("00100100", 538_730, 16_267_776),
    ],
)
def test_networks_have_their_published_counts(text: str, params: int, macs: int) -> None:
    """``params`` and ``flops`` of nas-bench-macro_cifar10.json."""
    architecture = SPACE.parse(text)
    assert SPACE.params(architecture) == params
    assert SPACE.macs(architecture) == macs


@pytest.mark.parametrize("size", [32, 50])
def test_formulas_equal_the_network(size: int) -> None:
    architecture = SPACE.sample(numpy_generator(0, "counts"))
    network = on_meta(lambda: SPACE.construct_network(architecture, 7, 3))
    assert SPACE.params(architecture, num_classes=7) == count_params(network)
    counted = count_macs(network, in_channels=3, image_size=size)
    assert SPACE.macs(architecture, num_classes=7, image_size=size) == counted


def test_skipped_layers_come_last_in_their_stage() -> None:
    """As in the table, whose equal chains have one value; the first layer of a stage stays."""
    assert SPACE.text(SPACE.canonical(SPACE.parse("01002010"))) == "01020010"
    assert SPACE.text(SPACE.canonical(SPACE.parse("10010201"))) == "10010210"


def test_there_are_6561_chains() -> None:
    seen = {SPACE.parse("00000000")}
    fresh = list(seen)
    while fresh:
        fresh = list({other for one in fresh for other in SPACE.neighbours(one)} - seen)
        seen.update(fresh)
    assert len(seen) == 6561


def test_a_trunk_has_three_taps() -> None:
    trunk = SPACE.trunk(SPACE.parse("01210212"), torch_generator(0, "trunk"))
    shapes = [tuple(tap.shape) for tap in trunk(torch.zeros(1, 3, 32, 32))]
    assert shapes == [(1, 1280, 4, 4), (1, 128, 8, 8), (1, 64, 16, 16)]


@pytest.mark.parametrize("text", ["0121021", "012102123", "0121021x", "01210213", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ArchitectureError, match="expected eight digits"):
        SPACE.parse(text)
