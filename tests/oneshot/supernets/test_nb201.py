"""The merged supernet against a plain loop over edges and operations."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.supernets.nb201 import MixedCell, NasBench201Supernet
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, EDGES, OPERATIONS

ALL = ((1, 2, 3, 4),) * 6


def plain_norm(x: Tensor) -> Tensor:
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - mean) / (variance + 1e-5).sqrt()


def plain_operation(cell: MixedCell, row: int, column: int, x: Tensor) -> Tensor:
    name = OPERATIONS[column]
    if name == "none":
        return torch.zeros_like(x)
    if name == "skip_connect":
        return x
    if name == "avg_pool_3x3":
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    edges = cell.sources[EDGES[row][0]]
    number, channels = edges.rows.index(row), edges.channels
    weight = edges.convolutions[name].weight[number * channels : (number + 1) * channels]
    return plain_norm(F.conv2d(F.relu(x), weight, padding=weight.shape[-1] // 2))


def plain_cell(cell: MixedCell, x: Tensor, mixture: Mixture, partial: int) -> Tensor:
    nodes = [x]
    for target in (1, 2, 3):
        total = torch.zeros_like(x)
        for row, (source, into) in enumerate(EDGES):
            if into != target:
                continue
            value = nodes[source]
            count = value.shape[1] // partial
            first, rest = value[:, :count], value[:, count:]
            mixed = torch.zeros_like(first)
            for column in range(5):
                if column in mixture.active[row]:
                    term = plain_operation(cell, row, column, first)
                    mixed = mixed + mixture.weights[row, column] * term
                elif mixture.idle is not None:
                    mixed = mixed + mixture.weights[row, column]
            if partial == 1:
                total = total + mixed
                continue
            edge = 1.0 if mixture.edges is None else mixture.edges[row]
            joined = torch.cat([mixed, edge * rest], 1)
            n, c, h, w = joined.shape
            shuffled = joined.view(n, partial, c // partial, h, w).transpose(1, 2)
            total = total + shuffled.reshape(n, c, h, w)
        nodes.append(total)
    return nodes[3]


def make_cell(channels: int, partial: int, seed: int) -> MixedCell:
    return build(lambda: MixedCell(channels, partial), torch_generator(seed)).double()


def compare(cell: MixedCell, mixture: Mixture, leaves: list[Tensor], partial: int) -> None:
    x = torch.randn(5, 8, 6, 6, generator=torch_generator(1), dtype=torch.float64)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    wanted = [x, *leaves, *cell.parameters()]
    direction = torch.randn(5, 8, 6, 6, generator=torch_generator(2), dtype=torch.float64)
    results = []
    for output in (cell(x, mixture) + 0 * x, plain_cell(cell, x, mixture, partial) + 0 * x):
        gradients = torch.autograd.grad(
            (output * direction).sum(), wanted, retain_graph=True, allow_unused=True
        )
        results.append((output, gradients))
    (ours, our_gradients), (theirs, their_gradients) = results
    torch.testing.assert_close(ours, theirs)
    for one, other, leaf in zip(our_gradients, their_gradients, wanted, strict=True):
        zeros = torch.zeros_like(leaf)
        torch.testing.assert_close(
            zeros if one is None else one, zeros if other is None else other, atol=1e-9, rtol=1e-7
        )


@pytest.mark.parametrize("partial", [1, 2, 4])
@pytest.mark.parametrize("with_edges", [False, True])
def test_outputs_and_gradients_equal_those_of_the_plain_loop(
    partial: int, with_edges: bool
) -> None:
    cell = make_cell(8, partial, 0)
    raw = torch.rand(6, 5, generator=torch_generator(3), dtype=torch.float64).requires_grad_()
    edges = torch.rand(6, generator=torch_generator(4), dtype=torch.float64).requires_grad_()
    if with_edges:
        mixture = Mixture(raw * edges[:, None], ALL, edges=edges)
        compare(cell, mixture, [raw, edges], partial)
    else:
        compare(cell, Mixture(raw, ALL), [raw], partial)


ACTIVE = {
    "one each": ((3,), (1,), (2,), (4,), (3,), (2,)),
    "none chosen": ((3,), (0,), (0,), (1,), (0,), (2,)),
    "nothing at all": ((0,),) * 6,
    "some": ((1, 3), (2, 3), (), (3,), (4, 1), (2,)),
}


@pytest.mark.parametrize("active", ACTIVE.values(), ids=ACTIVE.keys())
@pytest.mark.parametrize("idle", [False, True])
def test_operations_that_are_not_run_leave_only_their_gradient(active, idle: bool) -> None:
    cell = make_cell(8, 1, 0)
    raw = torch.rand(6, 5, generator=torch_generator(3), dtype=torch.float64).requires_grad_()
    mask = torch.tensor([[float(c in row) for c in range(5)] for row in active])
    weights = raw * mask + (raw - raw.detach()) * (1 - mask)
    sums = torch.stack([sum(weights[r, c] for c in range(5) if c not in row) + 0 * weights[r, 0]
                        for r, row in enumerate(active)])  # fmt: skip
    compare(cell, Mixture(weights, active, sums if idle else None), [raw], 1)


def test_the_network_is_a_mixture_of_its_cells() -> None:
    network = build(lambda: NasBench201Supernet(8, 2, num_classes=7), torch_generator(0))
    assert len(list(network.stages)) == 3
    assert all(len(stage) == 2 for stage in network.stages)
    weights = torch.full((6, 5), 0.2)
    logits = network(torch.randn(4, 3, 16, 16), {"cell": Mixture(weights, ALL)})
    assert logits.shape == (4, 7)


def test_weights_depend_on_the_generator_alone() -> None:
    made = [build(lambda: NasBench201Supernet(4, 1), torch_generator(s)) for s in (1, 1, 2)]
    first, same, other = (torch.cat([p.flatten() for p in one.parameters()]) for one in made)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_merged_convolutions_start_as_separate_ones_would() -> None:
    cell = build(lambda: MixedCell(64), torch_generator(0))
    for name, size in ((CONV_1X1, 1), (CONV_3X3, 3)):
        for edges in cell.sources:
            weight = edges.convolutions[name].weight.detach()
            bound = 1 / (64 * size * size) ** 0.5  # torch's default for 64 channels in
            assert weight.abs().max() <= bound
            assert float(weight.std()) == pytest.approx(bound / 3**0.5, rel=0.05)


def test_the_derived_cell_takes_the_strongest_operation_of_each_edge() -> None:
    network = build(lambda: NasBench201Supernet(4, 1), torch_generator(0))
    strengths = torch.zeros(6, 5).numpy().astype("float64")
    for row, column in enumerate((3, 1, 0, 2, 4, 3)):
        strengths[row, column] = 1.0
    assert network.derive({"cell": strengths}) == (
        "|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_3x3~2|"
    )


def test_channels_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(SearchError, match="cannot be split into 4"):
        NasBench201Supernet(6, 1, partial=4)
