from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.gdas import gdas
from naslib_proxydata.oneshot.strategies.pc_darts import pc_darts
from naslib_proxydata.oneshot.supernets.darts import (
    DARTS_CHOICES,
    EDGES,
    NODES,
    OPERATIONS,
    DartsSupernet,
    MixedCell,
    derive_cell,
)
from naslib_proxydata.oneshot.supernets.edge import MixedEdge
from naslib_proxydata.oneshot.supernets.nb201 import MixedCell as Nb201Cell
from naslib_proxydata.oneshot.supernets.restricted import RESTRICTED
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.pruning.schedule import Schedule
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.genotypes.genotype import parse_text
from tests.oneshot.fakes import acting, coloured, supernet_maker


def everything(choices: Choices, weights: torch.Tensor, **more: object) -> Mixture:
    columns = tuple(range(choices.shape[1]))
    return Mixture(weights, (columns,) * choices.shape[0], **more)  # type: ignore[arg-type]


def norm(x: torch.Tensor) -> torch.Tensor:
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    return (x - mean) / (variance + 1e-5).sqrt()


@pytest.mark.parametrize("stride", [1, 2])
def test_an_edge_is_the_weighted_sum_of_its_operations(stride: int) -> None:
    edge = build(lambda: MixedEdge(0, OPERATIONS, 4, stride, 1), torch_generator(0)).double()
    x = torch.randn(3, 4, 8, 8, generator=torch_generator(1), dtype=torch.float64)
    w = torch.rand(1, 8, generator=torch_generator(2), dtype=torch.float64)
    layer = {name: [m for m in one.modules() if isinstance(m, torch.nn.Conv2d)]
             for name, one in edge.operations.items()}  # fmt: skip

    def separable(name: str, kernel: int) -> torch.Tensor:
        depth1, point1, depth2, point2 = (one.weight for one in layer[name])
        y = F.conv2d(x.relu(), depth1, stride=stride, padding=kernel // 2, groups=4)
        y = norm(F.conv2d(y, point1)).relu()
        return norm(F.conv2d(F.conv2d(y, depth2, padding=kernel // 2, groups=4), point2))

    def dilated(name: str, kernel: int) -> torch.Tensor:
        depth, point = (one.weight for one in layer[name])
        padding = kernel - 1
        y = F.conv2d(x.relu(), depth, stride=stride, padding=padding, dilation=2, groups=4)
        return norm(F.conv2d(y, point))

    def skip() -> torch.Tensor:
        if stride == 1:
            return x
        straight, moved = (one.weight for one in layer["skip_connect"])
        shifted = F.pad(x.relu(), (0, 1, 0, 1))[:, :, 1:, 1:]
        halves = [F.conv2d(x.relu(), straight, stride=2), F.conv2d(shifted, moved, stride=2)]
        return norm(torch.cat(halves, 1))

    terms = [
        torch.zeros(3, 4, 8 // stride, 8 // stride, dtype=torch.float64),
        norm(F.max_pool2d(x, 3, stride, 1)),
        norm(F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)),
        skip(),
        separable("sep_conv_3x3", 3),
        separable("sep_conv_5x5", 5),
        dilated("dil_conv_3x3", 3),
        dilated("dil_conv_5x5", 5),
    ]
    expected = sum(weight * term for weight, term in zip(w[0], terms, strict=True))
    torch.testing.assert_close(edge(x, Mixture(w, (tuple(range(8)),))), expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_partial_channels_on_an_edge(stride: int) -> None:
    edge = build(lambda: MixedEdge(0, ("skip_connect", "none"), 8, 1, 4), torch_generator(0))
    edge.stride = stride
    x = torch.randn(3, 8, 4, 4, generator=torch_generator(1))
    weights = torch.tensor([[0.3, 0.7]])
    mixture = Mixture(weights, ((0, 1),), edges=torch.tensor([0.5]))
    if stride == 2:
        mixture = Mixture(weights, ((),), edges=torch.tensor([0.5]))
    result = edge(x, mixture)
    mixed = 0.3 * x[:, :2] if stride == 1 else torch.zeros(3, 2, 2, 2)
    rest = 0.5 * (x[:, 2:] if stride == 1 else F.max_pool2d(x[:, 2:], 2))
    joined = torch.cat([mixed, rest], 1)
    order = [group * 2 + place for place in range(2) for group in range(4)]
    torch.testing.assert_close(result, joined[:, order])


def test_noise_is_standard_normal_of_the_strided_shape_from_the_generator() -> None:
    edge = MixedEdge(0, ("noise", "sep_conv_3x3"), 4, 2, 1)
    x = torch.randn(2, 4, 6, 6)
    mixture = Mixture(torch.tensor([[2.0, 0.0]]), ((0,),), generator=torch_generator(9))
    expected = 2 * torch.randn(2, 4, 3, 3, generator=torch_generator(9))
    torch.testing.assert_close(edge(x, mixture), expected)


def test_dropout_on_skip_connections_alone() -> None:
    edge = build(
        lambda: MixedEdge(0, ("skip_connect", "sep_conv_3x3"), 4, 1, 1), torch_generator(0)
    )
    x = torch.randn(8, 4, 16, 16, generator=torch_generator(1))

    def run(rate: float, weights: list[float]) -> torch.Tensor:
        mixture = Mixture(torch.tensor([weights]), generator=torch_generator(2), skip_dropout=rate)
        return edge(x, mixture)

    torch.testing.assert_close(run(0.4, [0.0, 1.0]), run(0.0, [0.0, 1.0]))
    skipped = run(0.4, [1.0, 0.0])
    dropped = skipped == 0
    assert dropped.float().mean() == pytest.approx(0.4, abs=0.02)
    torch.testing.assert_close(skipped[~dropped], x[~dropped] / 0.6)
    cell = build(lambda: Nb201Cell(4), torch_generator(0))
    only_skips = torch.zeros(6, 5)
    only_skips[3, 1] = 1.0  # from the input straight to the output
    mixture = Mixture(only_skips, generator=torch_generator(3), skip_dropout=0.4)
    output = cell(x, mixture)
    assert (output == 0).float().mean() == pytest.approx(0.4, abs=0.02)
    torch.testing.assert_close(output[output != 0], x[output != 0] / 0.6)


def test_a_cell_adds_up_its_edges_and_concatenates_its_nodes() -> None:
    choices = DARTS_CHOICES["normal"]
    cell = build(lambda: MixedCell(choices, (6, 6), 4, 1, False, 1), torch_generator(0)).double()
    x, y = (
        torch.randn(2, 6, 8, 8, generator=torch_generator(s), dtype=torch.float64) for s in (1, 2)
    )
    weights = torch.rand(14, 8, generator=torch_generator(3), dtype=torch.float64)
    mixture = everything(choices, weights)
    states = [cell.preprocess[0](x), cell.preprocess[1](y)]
    row = 0
    for node in range(2, 6):
        total = 0
        for source in range(node):
            total = total + cell.edges[row](states[source], mixture)
            assert EDGES[row] == (source, node)
            row += 1
        states.append(total)
    torch.testing.assert_close(cell(x, y, mixture), torch.cat(states[2:], 1))


def test_the_network_halves_twice_and_knows_no_affine_normalisation_in_cells() -> None:
    network = build(lambda: DartsSupernet(4, 8), torch_generator(0))
    kinds = ["normal", "normal", "reduce", "normal", "normal", "reduce", "normal", "normal"]
    assert network.kinds == kinds
    assert not [m for m in network.cells.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    mixtures = {
        kind: everything(one, torch.full((14, 8), 1 / 8)) for kind, one in DARTS_CHOICES.items()
    }
    assert network(torch.randn(2, 3, 16, 16), mixtures).shape == (2, 10)


def test_a_derived_cell_by_hand() -> None:
    strengths = np.full((14, 8), 0.01)
    strengths[:, 0] = 0.9  # 'none' is strongest everywhere and must not count
    chosen = {
        (0, 2): 4,
        (1, 2): 3,
        (0, 3): 5,
        (2, 3): 6,
        (1, 4): 7,
        (3, 4): 1,
        (2, 5): 2,
        (4, 5): 4,
    }
    for number, (edge, column) in enumerate(chosen.items()):
        strengths[EDGES.index(edge), column] = 0.1 + 0.01 * number
    cell = derive_cell(DARTS_CHOICES["normal"], strengths)
    expected = [
        ("skip_connect", 1),
        ("sep_conv_3x3", 0),
        ("dil_conv_3x3", 2),
        ("sep_conv_5x5", 0),
        ("max_pool_3x3", 3),
        ("dil_conv_5x5", 1),
        ("sep_conv_3x3", 4),
        ("avg_pool_3x3", 2),
    ]
    assert list(cell.edges) == expected
    assert cell.concat == NODES


def test_the_restricted_spaces_are_those_published() -> None:
    for kind in ("normal", "reduce"):
        assert {len(names) for names in RESTRICTED["s1"][kind].operations} == {2}
        assert RESTRICTED["s2"][kind].operations[0] == ("skip_connect", "sep_conv_3x3")
        assert RESTRICTED["s3"][kind].operations[0] == ("none", "skip_connect", "sep_conv_3x3")
        assert RESTRICTED["s4"][kind].operations[0] == ("noise", "sep_conv_3x3")
    normal, reduce = (RESTRICTED["s1"][kind].operations for kind in ("normal", "reduce"))
    assert normal[0] == ("skip_connect", "dil_conv_3x3")
    assert normal[13] == ("dil_conv_3x3", "dil_conv_5x5")
    assert reduce[6] == ("max_pool_3x3", "sep_conv_3x3")
    assert (
        sum("none" in names for kind in RESTRICTED["s1"].values() for names in kind.operations) == 0
    )


@pytest.mark.parametrize("space", ["darts", *RESTRICTED])
@pytest.mark.parametrize("make", [darts, gdas, pc_darts], ids=["darts", "gdas", "pc-darts"])
def test_searches_in_every_space_give_a_genotype(space: str, make) -> None:
    strategy = make()
    settings = SearchSettings.parse(
        {**strategy.settings, "epochs": 2, "batch_size": 16, "warm_up": 0}, "a test"
    )
    builder = supernet_maker(space, channels=4, cells=3, num_classes=4, partial=strategy.partial)
    learner = Learner(builder, strategy, settings)
    pruner = acting(BilevelPruner(Schedule(2, 0.5, 0.5)))
    result = Search(coloured(32), learner, pruner, space).run()
    parse_text(result.cell, (*OPERATIONS, "noise"), 4)
    assert "none" not in result.cell
    assert result.records[-1].left == {"weights": 8, "architecture": 8}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'darts'"):
        supernet_maker("dartz")
    with pytest.raises(SearchError, match="equal parts"):
        supernet_maker("darts", channels=6, partial=4)(torch_generator(0), None)
