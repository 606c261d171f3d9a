from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import torch
from scipy.stats import spearmanr

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.transnas.macro import TransNasMacro, all_skeletons
from naslib_proxydata.testing import SearchSpaceContract

SPACE = TransNasMacro()


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> TransNasMacro:
        return SPACE


def test_the_space_has_its_published_size(shared_data: Path) -> None:
    """3,256 skeletons (arXiv 2105.11871, section 3.1), the measured ones among them."""
    every = {SPACE.text(one) for one in all_skeletons()}
    assert len(every) == 3256
    with gzip.open(shared_data / "transnas_macro.json.gz") as stream:
        content = json.load(stream)
    assert {*content["arch_str"], *content["missing"]} == every


@pytest.mark.parametrize("text", ["64-1234-basic", "64-41112-basic", "64-332314-basic"])
def test_formulas_equal_the_network(text: str) -> None:
    skeleton = SPACE.parse(text)
    network = on_meta(lambda: SPACE.construct_network(skeleton, 7, 3))
    assert SPACE.params(skeleton, num_classes=7) == count_params(network)
    for size in (32, 50):
        counted = count_macs(network, in_channels=3, image_size=size)
        assert SPACE.macs(skeleton, num_classes=7, image_size=size) == counted


@pytest.mark.parametrize(("task", "classes"), [("class_scene", 63), ("class_object", 100)])
def test_parameters_equal_naslibs(shared_data: Path, task: str, classes: int) -> None:
    with gzip.open(shared_data / "naslib_zc" / "zc_transbench101_macro.json.gz") as stream:
        skeletons = json.load(stream)[task]
    for digits, scores in skeletons.items():
        codes = digits.strip("()").replace(",", "").replace(" ", "").replace("0", "")
        skeleton = SPACE.parse(f"64-{codes}-basic")
        assert SPACE.params(skeleton, num_classes=classes) == round(scores["params"]["score"] * 1e6)


def test_macs_alone_rank_jigsaw(shared_data: Path) -> None:
    """About 0.64 is known of MACs on jigsaw over the whole space."""
    with gzip.open(shared_data / "transnas_macro.json.gz") as stream:
        content = json.load(stream)
    macs = [SPACE.macs(SPACE.parse(text)) for text in content["arch_str"]]
    assert spearmanr(macs, content["tasks"]["jigsaw"]).statistic == pytest.approx(0.64, abs=0.02)


def test_trunk_taps_are_the_last_three_modules() -> None:
    trunk = SPACE.trunk(SPACE.parse("64-21341-basic"), torch_generator(0))
    taps = trunk(torch.zeros(1, 3, 64, 64))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(256, 4, 4), (256, 4, 4), (128, 8, 8)]


@pytest.mark.parametrize(
    "text",
    [
        "64-111-basic",
        "64-1111111-basic",
        "64-1111-basic",
        "64-3333-basic",
        "64-2222-basic",
        "64-333332-basic",
        "64-1235-basic",
        "64-41414-3_33_333",
    ],
)
def test_strings_outside_the_space_are_refused(text: str) -> None:
    with pytest.raises(ArchitectureError, match="macro skeleton"):
        SPACE.parse(text)
