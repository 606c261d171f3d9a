"""The fast trunk against the plain one: same weights, same outputs, same gradients."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201 import canonical as nb201_canonical
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201.network import CellNetwork, NasBench201Trunk
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.nb201.trunk import FastCell, FastTrunk, average_pool

SPACE = NasBench201()
FULL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|{}~0|nor_conv_3x3~1|avg_pool_3x3~2|"
TEXTS = [
    FULL.format("avg_pool_3x3"),  # node 0 is pooled twice or once and convolved twice
    FULL.format("skip_connect"),  # the input itself is a term of a sum that is made in place
    "|skip_connect~0|+|skip_connect~0|none~1|+|skip_connect~0|skip_connect~1|nor_conv_1x1~2|",
    "|avg_pool_3x3~0|+|avg_pool_3x3~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|none~2|",
    "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
]
DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
RANDOM = numpy_generator("test_nb201_trunk")
CELLS = [nb201_cell.parse(text) for text in TEXTS] + [SPACE.sample(RANDOM) for _ in range(8)]


def both(cell, affine):
    live = cell.keep(nb201_canonical.live_edges(cell))
    return [
        build(lambda kind=kind: kind(live, 4, 2, 3, affine), torch_generator(0, "test"))
        for kind in (NasBench201Trunk, FastTrunk)
    ]


def outputs_and_gradients(trunk, images):
    trunk.train()
    taps = trunk(images)
    weights = list(trunk.parameters())
    # A gradient of another size and sign in each pixel of each tap.
    loss = sum(
        (tap * torch.linspace(-1, 2, tap.numel()).view_as(tap).to(tap)).sum() for tap in taps
    )
    return taps, torch.autograd.grad(loss, weights, allow_unused=True)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("cell", CELLS, ids=nb201_cell.text)
def test_outputs_and_gradients_equal_the_plain_trunks(cell, affine):
    plain, fast = (trunk.double() for trunk in both(cell, affine))
    assert fast.channels == plain.channels
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1)).double()
    expected, expected_gradients = outputs_and_gradients(plain, images)
    fast = fast.to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)
    found, gradients = outputs_and_gradients(fast, images)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    assert len(gradients) == len(expected_gradients)
    for one, other in zip(gradients, expected_gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-7)


def test_a_dead_cell_gives_what_the_plain_trunk_gives():
    plain, fast = both(nb201_cell.parse(DEAD), affine=False)
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    for one, other in zip(fast(images), plain(images), strict=True):
        assert torch.equal(one, other)


def test_single_precision_agrees_to_rounding():
    plain, fast = both(CELLS[0], affine=False)
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    for one, other in zip(fast(images), plain(images), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
@pytest.mark.parametrize("cell", CELLS, ids=nb201_cell.text)
def test_in_compiled_code_outputs_and_gradients_are_the_plain_cells_to_rounding(cell):
    live = cell.keep(nb201_canonical.live_edges(cell))
    plain, fast = (
        build(lambda kind=kind: kind(live, 16, False), torch_generator(0, "test"))
        for kind in (CellNetwork, FastCell)
    )
    accelerate(fast)
    assert fast.compiled
    features = torch.randn(4, 16, 8, 8, generator=torch_generator(1, "test")).requires_grad_()
    exact = features.detach().double().requires_grad_()
    upstream = torch.randn(4, 16, 8, 8, generator=torch_generator(2, "test"))
    found, expected = fast(features), plain.double()(exact)
    ours = torch.autograd.grad(found, [features, *fast.parameters()], upstream)
    theirs = torch.autograd.grad(expected, [exact, *plain.parameters()], upstream.double())
    for one, other in zip([found, *ours], [expected, *theirs], strict=True):
        scale = other.abs().max().item()
        torch.testing.assert_close(one.double(), other, rtol=0, atol=2e-5 * scale)


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
def test_cells_with_affine_normalisation_go_torchs_way():
    fast = build(lambda: FastCell(CELLS[0], 16, True), torch_generator(0, "test"))
    features = torch.randn(4, 16, 8, 8, generator=torch_generator(1, "test"))
    expected = fast(features)
    fast.compiled = True
    assert torch.equal(fast(features), expected)


def test_same_parameters_in_the_same_order():
    for cell in CELLS:
        plain, fast = both(cell, affine=True)
        pairs = zip(plain.parameters(), fast.parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 1, 5, 7), (2, 4, 1, 2)])
def test_average_pool_is_torchs_forwards_and_backwards(shape):
    features = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    expected = F.avg_pool2d(features, 3, 1, 1, count_include_pad=False)
    found = average_pool(features)
    torch.testing.assert_close(found, expected)
    upstream = torch.randn_like(expected)
    (one,) = torch.autograd.grad(found, features, upstream)
    (other,) = torch.autograd.grad(expected, features, upstream)
    torch.testing.assert_close(one, other)


def test_the_space_builds_the_fast_trunk():
    assert isinstance(SPACE.trunk(CELLS[0], torch.Generator()), FastTrunk)
