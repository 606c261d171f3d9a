from __future__ import annotations

import gzip
import json
from itertools import product
from pathlib import Path

import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.transnas.micro import TransNasCell, TransNasMicro
from naslib_proxydata.testing import SearchSpaceContract

SPACE = TransNasMicro()


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> TransNasMicro:
        return SPACE


class TestContractOfDeadEdges(TestContract):
    """Dead edges of every operation, and a cell without any path."""

    def sampled(self, space: TransNasMicro, seed: int = 0) -> list[TransNasCell]:
        texts = ("64-41414-0_21_032", "64-41414-3_00_100", "64-41414-3_33_000", "64-41414-0_31_003")
        return [space.parse(text) for text in texts[seed:]]


@pytest.mark.parametrize("code", [f"{a}_{b}{a}_{b}{b}{a}" for a, b in product("0123", repeat=2)])
def test_formulas_equal_the_network(code: str) -> None:
    cell = SPACE.parse(f"64-41414-{code}")
    network = on_meta(lambda: SPACE.construct_network(cell, 7, 3))
    assert SPACE.params(cell, num_classes=7) == count_params(network)
    for size in (32, 50):
        counted = count_macs(network, in_channels=3, image_size=size)
        assert SPACE.macs(cell, num_classes=7, image_size=size) == counted


@pytest.mark.parametrize(("task", "classes"), [("class_scene", 63), ("class_object", 100)])
def test_parameters_equal_naslibs(shared_data: Path, task: str, classes: int) -> None:
    """NASLib's measured parameters (in millions) of every cell, with the task's classes."""
    with gzip.open(shared_data / "naslib_zc" / "zc_transbench101_micro.json.gz") as stream:
        cells = json.load(stream)[task]
    for digits, scores in cells.items():
        a, b, c, d, e, f = digits.strip("()").replace(",", "").split()
        cell = SPACE.parse(f"64-41414-{a}_{b}{c}_{d}{e}{f}")
        assert SPACE.params(cell, num_classes=classes) == round(scores["params"]["score"] * 1e6)


def test_canonical_form_computes_the_same() -> None:
    """Cells of one class give the same trunk for the same weights; dead edges are not built."""
    classes: dict[str, TransNasCell] = {}
    for digits in product(range(4), repeat=6):
        cell = TransNasCell(digits)
        classes.setdefault(SPACE.hash(cell), SPACE.canonical(cell))
    assert len(classes) == 2128
    assert len(set(classes.values())) == 2128
    cell = SPACE.parse("64-41414-0_33_212")
    assert SPACE.text(SPACE.canonical(cell)) == "64-41414-0_30_202"
    images = torch.ones(2, 3, 32, 32)
    both = (cell, SPACE.canonical(cell))
    taps = [SPACE.trunk(one, torch_generator(0))(images)[0] for one in both]
    assert torch.equal(*taps)


def test_dead_edges_change_nothing_in_the_network_as_written() -> None:
    """A dead edge's own weights cannot reach the output of a new network."""
    cell = SPACE.parse("64-41414-0_20_032")
    network = SPACE.network(cell, torch_generator(0))
    images = torch.randn(2, 3, 32, 32, generator=torch_generator(1))
    before = network(images)
    dead = network.trunk.layers[1].operations[1]  # edge 1-3, from a node that nothing enters
    with torch.no_grad():
        dead[1].weight.mul_(3.0)
    assert torch.equal(before, network(images))


@pytest.mark.parametrize(
    "text",
    [
        "64-41414-3_33_33",
        "64-41414-4_33_333",
        "64-41412-3_33_333",
        "64-1234-basic",
        "32-41414-3_33_333",
        "|nor_conv_3x3~0|",
        "64-41414-٣_33_333",
    ],
)
def test_bad_strings_say_what_is_expected(text: str) -> None:
    with pytest.raises(ArchitectureError, match="64-41414-a_bc_def"):
        SPACE.parse(text)


def test_scored_trunk_leaves_the_last_halving_out() -> None:
    trunk = SPACE.trunk(SPACE.parse("64-41414-3_33_333"), torch_generator(0))
    taps = trunk(torch.zeros(1, 3, 64, 64))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(512, 4, 4), (256, 4, 4), (256, 4, 4)]
