"""NAS-Bench-201: text, codes, counts, networks."""

from __future__ import annotations

import gzip
import json
from ast import literal_eval
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from naslib_proxydata.errors import ArchitectureError, ConfigError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201 import codes as nb201_codes
from naslib_proxydata.spaces.nb201.canonical import live_edges
from naslib_proxydata.spaces.nb201.cell import (
    CONV_1X1,
    CONV_3X3,
    EDGES,
    NONE,
    OPERATIONS,
    POOL,
    SKIP,
    Cell,
)
from naslib_proxydata.spaces.nb201.network import NasBench201Trunk
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.testing.space import SearchSpaceContract

SPACE = NasBench201()
SMALL = NasBench201(channels=4, cells_per_stage=1)
DENSE = Cell((CONV_3X3,) * 6)
EMPTY = Cell((NONE,) * 6)
cells = st.tuples(*[st.sampled_from(OPERATIONS)] * 6).map(Cell)


class TestContract(SearchSpaceContract):
    networks = 2
    macs_tolerance = 1e-5  # the published count has the classifier's biases besides

    @pytest.fixture
    def space(self) -> NasBench201:
        return SPACE


# ------------------------------------------------------------------------------ text and codes


def test_text_of_every_published_cell(shared_data: Path) -> None:
    table = np.load(shared_data / "nb201.npz")
    seen = set()
    for raw, codes in zip(table["arch_str"], table["op_codes"].tolist(), strict=True):
        text = raw.decode()
        cell = SPACE.parse(text)
        assert SPACE.text(cell) == text
        assert nb201_codes.to_official_codes(cell) == tuple(codes)
        seen.add(cell)
    assert len(seen) == 15_625


@given(cells)
def test_codes_are_read_back(cell: Cell) -> None:
    assert nb201_codes.from_official_codes(nb201_codes.to_official_codes(cell)) == cell
    assert nb201_codes.from_naslib_codes(nb201_codes.to_naslib_codes(cell)) == cell


def test_naslib_codes_are_not_the_official_ones(shared_data: Path) -> None:
    # NASLib's file holds one trial of the accuracies whose mean is in the table.
    path = shared_data / "naslib_zc" / "zc_nasbench201.json.gz"
    measured = json.loads(gzip.decompress(path.read_bytes()))["cifar10"]
    table = np.load(shared_data / "nb201.npz")
    means = dict(zip(table["arch_str"].tolist(), table["cifar10_valid_200"], strict=True))

    def correlation(decode: Any) -> float:
        pairs = [
            (entry["val_accuracy"], means[SPACE.text(decode(literal_eval(key))).encode()])
            for key, entry in measured.items()
        ]
        return float(np.corrcoef(np.array(pairs).T)[0, 1])

    assert correlation(nb201_codes.from_naslib_codes) > 0.99
    assert correlation(nb201_codes.from_official_codes) < 0.6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("|nor_conv_3x3~0|", "expected the form"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~1|", "expected the form"),
        ("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|", "expected the form"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|none~3|", "expected the form"),
        ("|conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|", "Did you mean 'nor_conv_3x3'"),
        ("|none~0|+|none~0|none~1|+|none~0|dil_conv~1|none~2|", "edge 1-3"),
    ],
)
def test_impossible_cells_are_refused(text: str, said: str) -> None:
    with pytest.raises(ArchitectureError, match=said):
        SPACE.parse(text)


@pytest.mark.parametrize("codes", [(0, 1, 2), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, -1)])
def test_impossible_codes_are_refused(codes: tuple[int, ...]) -> None:
    with pytest.raises(ArchitectureError, match="official codes"):
        nb201_codes.from_official_codes(codes)
    with pytest.raises(ArchitectureError, match="NASLib codes"):
        nb201_codes.from_naslib_codes(codes)


# ----------------------------------------------------------------------------------- neighbours


@given(cells)
def test_neighbours_differ_in_one_edge(cell: Cell) -> None:
    neighbours = SPACE.neighbours(cell)
    assert len(set(neighbours)) == 24
    for one in neighbours:
        pairs = zip(cell.operations, one.operations, strict=True)
        assert sum(old != new for old, new in pairs) == 1


def test_mutation_reaches_every_neighbour() -> None:
    generator = numpy_generator("mutation")
    drawn = {SPACE.mutate(DENSE, generator) for _ in range(500)}
    assert drawn == set(SPACE.neighbours(DENSE))


# --------------------------------------------------------------------------------------- counts


def test_counts_equal_the_published_ones(shared_data: Path) -> None:
    table = np.load(shared_data / "nb201.npz")
    architectures = [SPACE.parse(text.decode()) for text in table["arch_str"]]
    params = np.array([SPACE.params(one) for one in architectures])
    macs = np.array([SPACE.macs(one) for one in architectures])
    np.testing.assert_array_equal(params, np.rint(table["params_m_cifar10"] * 1e6))
    np.testing.assert_array_equal(macs, np.rint(table["flops_m_cifar10"] * 1e6))


def test_counts_equal_the_official_records(shared_data: Path) -> None:
    path = shared_data / "nats_tss_official_3archs.json.gz"
    records = json.loads(gzip.decompress(path.read_bytes()))
    classes = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
    for record in records.values():
        cell = SPACE.parse(record["200"]["arch_str"])
        for key, trial in record["200"]["all_results"].items():
            dataset = key.split("|")[0]
            size = 16 if dataset == "ImageNet16-120" else 32
            number = classes[dataset]
            assert SPACE.params(cell, num_classes=number) == round(trial["params"] * 1e6)
            counted = SPACE.macs(cell, num_classes=number, image_size=size)
            assert counted == round(trial["flop"] * 1e6)


def count_macs(network: nn.Module, images: torch.Tensor) -> int:
    """Count multiply-accumulates by hooks; the classifier's biases as the benchmark does."""
    total = 0

    def hook(module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += module.weight.numel() * output.shape[2] * output.shape[3]
        elif isinstance(module, nn.Linear):
            total += module.weight.numel() + module.bias.numel()

    for module in network.modules():
        module.register_forward_hook(hook)
    with torch.no_grad():
        network(images)
    return total


@pytest.mark.parametrize("space", [SPACE, NasBench201(channels=8, cells_per_stage=2)])
@pytest.mark.parametrize("size", [32, 16])
def test_counts_equal_the_built_network(space: NasBench201, size: int) -> None:
    generator = numpy_generator("counts")
    for cell in [EMPTY, *(space.sample(generator) for _ in range(2))]:
        network = space.network(cell, torch_generator(0), num_classes=100)
        assert sum(one.numel() for one in network.parameters()) == space.params(
            cell, num_classes=100
        )
        counted = count_macs(network, torch.zeros(1, 3, size, size))
        assert counted == space.macs(cell, num_classes=100, image_size=size)


@pytest.mark.parametrize("size", [0, 2, 30])
def test_macs_refuse_a_size_that_does_not_halve_twice(size: int) -> None:
    with pytest.raises(ConfigError, match=f"got {size}"):
        SPACE.macs(DENSE, image_size=size)


# ------------------------------------------------------------------------------------- networks


@settings(max_examples=20, deadline=None)
@given(cells)
def test_signal_means_that_the_output_moves(cell: Cell) -> None:
    network = SMALL.network(cell, torch_generator(1))
    generator = torch_generator(2)
    images = torch.randn(2, 3, 8, 8, generator=generator)
    with torch.no_grad():
        first, second = network(images), network(images.flip(0) * 2)
    assert SPACE.carries_signal(cell) == (not torch.allclose(first, second, atol=1e-6))


def test_trunk_taps_are_the_stages() -> None:
    trunk = SPACE.trunk(DENSE, torch_generator(0))
    taps = trunk(torch.zeros(2, 3, 32, 32))
    assert [tuple(tap.shape) for tap in taps] == [(2, 64, 8, 8), (2, 32, 16, 16), (2, 16, 32, 32)]
    assert trunk.channels == (64, 32, 16)


def test_trunk_has_the_weights_of_its_generator_and_of_the_network() -> None:
    # With the same kind of normalisation, network and trunk draw the same numbers.
    network = SMALL.network(DENSE, torch_generator(3))
    trunk = SMALL.trunk(DENSE, torch_generator(3), affine=True)
    images = torch.randn(2, 3, 16, 16, generator=torch_generator(4))
    for one, other in zip(network.trunk(images), trunk(images), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_trunk_leaves_out_dead_edges_that_the_network_has() -> None:
    # Node 1 leads nowhere, node 2 gets nothing.
    cell = Cell((CONV_3X3, NONE, NONE, CONV_1X1, NONE, CONV_3X3))
    trunk = SMALL.trunk(cell, torch_generator(0))
    kernels = [
        one.kernel_size
        for stage in trunk.stages
        for one in stage.modules()
        if isinstance(one, nn.Conv2d)
    ]
    assert kernels == [(1, 1)] * 3
    network = SMALL.network(cell, torch_generator(0))
    assert sum(one.numel() for one in network.parameters()) == SMALL.params(cell)


def test_trunk_normalises_without_scale_in_cells_by_default() -> None:
    def norms(trunk: nn.Module) -> set[bool]:
        parts = (one for stage in trunk.stages for one in stage.modules())
        return {one.affine for one in parts if isinstance(one, nn.BatchNorm2d)}

    assert norms(SMALL.trunk(DENSE, torch_generator(0))) == {False}
    assert norms(SMALL.trunk(DENSE, torch_generator(0), affine=True)) == {True}


def test_gradients_reach_every_weight_of_the_trunk() -> None:
    generator = numpy_generator("gradients")
    for cell in (SMALL.sample(generator) for _ in range(10)):
        if not SMALL.carries_signal(cell):
            continue
        trunk = SMALL.trunk(cell, torch_generator(5))
        taps = trunk(torch.randn(4, 3, 16, 16, generator=torch_generator(6)))
        torch.stack([tap.square().mean() for tap in taps]).sum().backward()
        assert all(one.grad is not None for one in trunk.parameters())


def test_the_trunk_of_an_empty_cell_is_zero() -> None:
    taps = SMALL.trunk(EMPTY, torch_generator(0))(torch.ones(1, 3, 16, 16))
    assert [float(tap.abs().max()) for tap in taps] == [0, 0, 0]


def test_other_input_channels() -> None:
    network = SMALL.network(DENSE, torch_generator(0), in_channels=1, num_classes=5)
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 5)
    trunk = SMALL.trunk(DENSE, torch_generator(0), in_channels=1)
    assert trunk(torch.zeros(2, 1, 28, 28))[0].shape == (2, 16, 7, 7)


# ------------------------------------------- one network, written as different cells, same output


def convolutions(cell: Cell) -> list[tuple[int, str]]:
    """Return (position among the cell's edges, operation) of its convolutions."""
    return [
        (position, operation)
        for position, (_, _, operation) in enumerate(cell.edges())
        if operation in (CONV_1X1, CONV_3X3)
    ]


def plain_trunk(cell: Cell, seed: int) -> NasBench201Trunk:
    """Build the readable trunk, whose normalisations have running statistics to set."""
    return build(lambda: NasBench201Trunk(cell, 4, 1, 3, affine=True), torch_generator(seed))


def same_output(raw: Cell, canonical: Cell) -> bool:
    """Return whether some matching of the convolutions makes both networks equal."""
    raw = raw.keep(live_edges(raw))
    live = plain_trunk(raw, 7).double().eval()
    source = convolutions(raw)
    target = convolutions(canonical)
    images = torch.randn(2, 3, 8, 8, generator=torch_generator(8), dtype=torch.float64)
    for module in live.modules():
        if isinstance(module, nn.BatchNorm2d):
            generator = torch_generator(9)
            module.running_mean.normal_(generator=generator)
            module.weight.data.uniform_(0.5, 2, generator=generator)
            module.bias.data.normal_(generator=generator)
    expected = live(images)
    for order in permutations(source):
        if [operation for _, operation in order] != [operation for _, operation in target]:
            continue
        other = plain_trunk(canonical, 10).double().eval()
        other.stem.load_state_dict(live.stem.state_dict())
        other.reductions.load_state_dict(live.reductions.state_dict())
        for mine, theirs in zip(live.stages, other.stages, strict=True):
            for (position, _), (place, _) in zip(order, target, strict=True):
                state = mine[0].operations[position].state_dict()
                theirs[0].operations[place].load_state_dict(state)
        pairs = zip(other(images), expected, strict=True)
        if all(torch.allclose(one, two, rtol=1e-9, atol=1e-9) for one, two in pairs):
            return True
    return False


@settings(max_examples=25, deadline=None)
@given(cells)
def test_canonical_network_computes_the_same(cell: Cell) -> None:
    assert same_output(cell, SPACE.canonical(cell))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # one convolution used twice is not two convolutions
        (
            Cell((CONV_3X3, NONE, SKIP, NONE, SKIP, SKIP)),
            Cell((CONV_3X3, CONV_3X3, NONE, NONE, SKIP, SKIP)),
        ),
        (Cell((NONE, NONE, NONE, SKIP, NONE, NONE)), Cell((NONE, NONE, NONE, POOL, NONE, NONE))),
    ],
)
def test_different_functions_have_different_hashes(first: Cell, second: Cell) -> None:
    assert SPACE.hash(first) != SPACE.hash(second)
    assert not same_output(first, second)


def test_edges_are_in_the_order_of_the_text() -> None:
    cell = Cell(("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "none"))
    text = "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|"
    assert SPACE.text(cell) == text
    assert dict(zip(EDGES, cell.operations, strict=True))[1, 2] == "nor_conv_1x1"
