from __future__ import annotations

import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.mobilenet.layers import BLOCKS, OPERATIONS, SKIP, Widths
from naslib_proxydata.spaces.mobilenet.space import MobileNet
from naslib_proxydata.testing import SearchSpaceContract

SPACE = MobileNet()


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> MobileNet:
        return SPACE


def chain(kernels: str, expansions: str) -> str:
    """Return a text of kernels and expansions, 0 for a skipped layer."""
    pairs = zip(kernels, expansions, strict=True)
    return "|".join(SKIP if k == "0" else f"mbconv_{k}x{k}_e{e}" for k, e in pairs)


@pytest.mark.parametrize(
    ("widths", "kernels", "expansions", "params"),
    [
        (
            Widths(stages=(32, 40, 80, 96, 192, 320)),
            "530073557555555577777",
            "330033336333633366336",
            4_080_512,
        ),
        (
            Widths(40, 24, (32, 56, 112, 128, 256, 432), 1728),
            "500070037005503577757",
            "300030036003603366666",
            7_119_848,
        ),
    ],
    ids=["mobile", "gpu"],
)
def test_published_networks_have_their_parameters(
    widths: Widths, kernels: str, expansions: str, params: int
) -> None:
    """The two networks of the release, at 1,000 classes."""
    space = MobileNet(widths)
    text = chain(kernels, expansions)
    assert space.params(space.parse(text), num_classes=1000) == params


@pytest.mark.parametrize("size", [32, 50, 224])
def test_formulas_equal_the_network(size: int) -> None:
    architecture = SPACE.sample(numpy_generator(0, "counts"))
    assert SKIP in architecture
    network = on_meta(lambda: SPACE.construct_network(architecture, 1000, 3))
    assert SPACE.params(architecture, num_classes=1000) == count_params(network)
    counted = count_macs(network, in_channels=3, image_size=size)
    assert SPACE.macs(architecture, num_classes=1000, image_size=size) == counted


def test_skipped_layers_of_a_stage_may_stand_anywhere() -> None:
    blocks = ["mbconv_3x3_e3"] * 21
    early, late = blocks.copy(), blocks.copy()
    early[1:4] = [SKIP, "mbconv_5x5_e6", "mbconv_7x7_e3"]
    late[1:4] = ["mbconv_5x5_e6", "mbconv_7x7_e3", SKIP]
    other = [*late]
    other[1:3] = other[2:0:-1]
    first, second, third = (SPACE.parse("|".join(one)) for one in (early, late, other))
    assert SPACE.hash(first) == SPACE.hash(second) != SPACE.hash(third)
    assert SPACE.canonical(first) == second
    images = torch.randn(2, 3, 32, 32, generator=torch_generator(0))
    networks = [SPACE.network(one, torch_generator(1)).eval() for one in (first, second)]
    with torch.no_grad():
        assert torch.equal(networks[0](images), networks[1](images))


def test_neighbours_differ_in_one_layer() -> None:
    architecture = SPACE.sample(numpy_generator(1, "neighbours"))
    neighbours = SPACE.neighbours(architecture)
    assert len(neighbours) == 6 * 5 + 15 * 6
    for other in neighbours:
        assert sum(a != b for a, b in zip(architecture, other, strict=True)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("|".join([SKIP, *["mbconv_3x3_e3"] * 20]), "layer 0 cannot be 'skip_connect'.*the shape"),
        ("|".join(["mbconv_3x3_e4", *["mbconv_3x3_e3"] * 20]), "layer 0 .*mean 'mbconv_3x3_e"),
        ("|".join(["mbconv_3x3_e3"] * 20), "expected 21 operations joined by '|', got 20"),
    ],
)
def test_bad_chains_say_why(text: str, reason: str) -> None:
    with pytest.raises(ArchitectureError, match=reason):
        SPACE.parse(text)


def test_taps_are_before_the_last_two_halvings() -> None:
    trunk = SPACE.trunk(SPACE.sample(numpy_generator(2, "taps")), torch_generator(0))
    taps = trunk(torch.zeros(2, 3, 32, 32))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(1280, 2, 2), (96, 4, 4), (40, 8, 8)]


def test_the_view_tells_what_each_stage_has() -> None:
    text = chain("530073557555555577777", "330033336333633366336")
    view = SPACE.graph_view(SPACE.parse(text))
    assert view.operations == tuple(BLOCKS) == OPERATIONS[:-1]
    assert view.numbers["stage 0: layers"] == 2
    assert view.numbers["stage 1: kernels"] == 7 + 3 + 5 + 5
