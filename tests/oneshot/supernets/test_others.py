"""NAS-Bench-1Shot1 and the MobileNet-like chain."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.enas import enas
from naslib_proxydata.oneshot.strategies.gdas import gdas
from naslib_proxydata.oneshot.strategies.random_sharing import random_sharing
from naslib_proxydata.oneshot.strategies.sgas import sgas
from naslib_proxydata.oneshot.supernets.mobilenet import MixedLayer, MobileNetSupernet
from naslib_proxydata.oneshot.supernets.nb1shot1 import PARENTS, MixedNodeCell, choices_of
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.mobilenet.layers import BLOCKS, OPERATIONS, Layer
from naslib_proxydata.spaces.nb101.cell import parse_cell, validate
from tests.oneshot.fakes import acting, coloured, supernet_maker

SHOTS = [f"nb1shot1-{number}" for number in PARENTS]


def search(space: str, strategy, **sizes) -> Search:
    settings = SearchSettings.parse({**strategy.settings, "epochs": 2, "batch_size": 16}, "a test")
    learner = Learner(supernet_maker(space, num_classes=4, **sizes), strategy, settings)
    return Search(coloured(32, size=32 if space == "mobilenet" else 8), learner, acting(), space)


@pytest.mark.parametrize("number", PARENTS)
def test_every_space_has_nine_edges_and_chooses_where_it_can(number: int) -> None:
    counts = PARENTS[number]
    assert sum(counts) == 9  # as many as NAS-Bench-101 allows
    choices = choices_of(number)
    assert choices["operations"].shape == (len(counts) - 1, 3)
    for node, count in enumerate(counts, start=1):
        assert (f"parents-{node}" in choices) == (count < node)
        if count < node:
            assert choices[f"parents-{node}"].shape == (1, node)


def test_a_cell_of_choice_blocks_written_out() -> None:
    cell = build(lambda: MixedNodeCell(2, 3, 4), torch_generator(0)).double()
    x = torch.randn(2, 3, 6, 6, generator=torch_generator(1), dtype=torch.float64)
    ops = torch.rand(2, 3, generator=torch_generator(2), dtype=torch.float64)
    second = torch.rand(1, 2, generator=torch_generator(3), dtype=torch.float64)
    output = torch.rand(1, 3, generator=torch_generator(4), dtype=torch.float64)

    def unit(layer: torch.nn.Module, value: torch.Tensor) -> torch.Tensor:
        y = F.conv2d(value, layer[0].weight, padding=layer[0].weight.shape[-1] // 2)
        mean, var = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), correction=0, keepdim=True)
        return ((y - mean) / (var + 1e-5).sqrt()).relu()

    def block(row: int, value: torch.Tensor) -> torch.Tensor:
        big, small, _ = cell.blocks[row]
        pooled = F.max_pool2d(value, 3, 1, 1)
        return (
            ops[row, 0] * unit(big, value) + ops[row, 1] * unit(small, value) + ops[row, 2] * pooled
        )

    first = block(0, unit(cell.projections[0], x))
    inputs = second[0, 0] * unit(cell.projections[1], x) + second[0, 1] * first
    nodes = torch.cat([output[0, 1] * first, output[0, 2] * block(1, inputs)], 1)
    expected = nodes + output[0, 0] * unit(cell.shortcut, x)
    mixtures = {
        "operations": Mixture(ops, ((0, 1, 2),) * 2),
        "parents-2": Mixture(second, ((0, 1),)),
        "parents-3": Mixture(output, ((0, 1, 2),)),
    }
    torch.testing.assert_close(cell(x, mixtures), expected)


def test_a_derived_cell_keeps_the_strongest_parents() -> None:
    network = supernet_maker("nb1shot1-1", channels=2, cells=1)(torch_generator(0), None)
    strengths = {
        "operations": np.array([[0.9, 0, 0], [0, 0.9, 0], [0, 0, 0.9], [0.9, 0, 0.0]]),
        "parents-3": np.array([[0.5, 0.1, 0.4]]),
        "parents-4": np.array([[0.1, 0.4, 0.1, 0.4]]),
        "parents-5": np.array([[0.3, 0.1, 0.2, 0.1, 0.3]]),
    }
    edges = [(e.source, e.target) for e in network.chosen(strengths)["cell"]]
    assert edges == [(0, 1), (0, 2), (1, 2), (0, 3), (2, 3), (1, 4), (3, 4), (0, 5), (4, 5)]
    cell = parse_cell(network.derive(strengths))
    assert cell.ops == (0, 1, 2, 0)
    assert cell.edges() == 9
    assert validate(cell) == cell


@pytest.mark.parametrize("space", SHOTS)
@pytest.mark.parametrize("make", [darts, gdas, random_sharing, lambda: enas(steps=2, cells=2)])
def test_searches_on_nb101_cells_give_cells_of_the_benchmark(space: str, make) -> None:
    result = search(space, make(), channels=4, cells=1).run()
    cell = parse_cell(result.cell)
    assert validate(cell) == cell
    assert all(np.isfinite(list(record.metrics.values())).all() for record in result.records)


def test_what_the_space_cannot_do_is_told() -> None:
    with pytest.raises(SearchError, match="no partial channels"):
        supernet_maker("nb1shot1-1", partial=4)(torch_generator(0), None)
    with pytest.raises(SearchError, match="no partial channels"):
        supernet_maker("mobilenet", partial=4)(torch_generator(0), None)
    with pytest.raises(SearchError, match="SGAS decides the operations of edges"):
        search("nb1shot1-2", sgas(), channels=4, cells=1)  # and nothing was trained


@pytest.mark.parametrize(("outputs", "stride"), [(4, 1), (4, 2), (6, 1)])
def test_a_layer_is_a_sum_of_blocks_around_its_shortcut(outputs: int, stride: int) -> None:
    layer = build(lambda: MixedLayer(0, Layer(4, outputs, stride)), torch_generator(0)).double()
    x = torch.randn(2, 4, 6, 6, generator=torch_generator(1), dtype=torch.float64)
    weights = torch.rand(1, 7, generator=torch_generator(2), dtype=torch.float64)
    total = sum(w * block(x) for w, block in zip(weights[0], layer.blocks, strict=False))
    expected = total + x if (outputs, stride) == (4, 1) else total
    torch.testing.assert_close(layer(x, Mixture(weights, (tuple(range(7)),))), expected)
    for (kernel, expansion), block in zip(BLOCKS.values(), layer.blocks, strict=True):
        depthwise = block[3]
        assert depthwise.weight.shape == (4 * expansion, 1, kernel, kernel)
        assert depthwise.stride == (stride, stride)


def test_a_skipped_layer_is_the_identity() -> None:
    layer = MixedLayer(0, Layer(4, 4, 1))
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(layer(x, Mixture(torch.ones(1, 7), ((6,),))), x)


def test_the_chain_is_that_of_the_paper() -> None:
    with torch.device("meta"):
        network = MobileNetSupernet()
    layers = [one.layer for one in network.layers]
    assert len(layers) == 21
    assert [layer.outputs for layer in layers] == (
        [24] * 4 + [40] * 4 + [80] * 4 + [96] * 4 + [192] * 4 + [320]
    )
    assert [layer.stride for layer in layers] == (
        [2, 1, 1, 1] * 3 + [1, 1, 1, 1] + [2, 1, 1, 1] + [1]
    )
    absent = sorted(row for row, _ in network.choices["chain"].absent)
    assert absent == [0, 4, 8, 12, 16, 20]
    assert OPERATIONS[-1] == "skip_connect"


@pytest.mark.parametrize("make", [darts, gdas])
def test_searches_on_the_chain_never_skip_a_layer_that_changes_the_shape(make) -> None:
    result = search("mobilenet", make(), channels=4, cells=1).run()
    names = result.cell.split("|")
    assert len(names) == 6
    assert set(names) <= set(OPERATIONS)
    assert "skip_connect" not in names  # with one layer a stage, each changes the shape
