"""Compiled cells against a few lines of torch in double precision."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from naslib_proxydata.kernels.cell import POOL, SKIP, cell
from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.seeding import torch_generator

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")

CELLS = {
    "3x3": [(0, 1, 3)],
    "1x1": [(0, 1, 1)],
    "pool": [(0, 1, POOL)],
    "skip": [(0, 1, SKIP)],
    "a node read by several": [(0, 1, 3), (0, 2, 3), (1, 2, 1), (0, 3, 1), (1, 3, 3), (2, 3, 3)],
    "plain terms first": [(0, 1, SKIP), (0, 2, POOL), (1, 2, 3), (0, 3, SKIP), (2, 3, POOL)],
    "plain terms last": [(0, 1, 1), (0, 2, 3), (1, 2, POOL), (2, 3, 3), (1, 3, SKIP)],
    "a node left out": [(0, 2, 3), (2, 3, 1), (0, 3, POOL)],
}


def reference(features, edges, weights):
    """Sum the operations of the edges into nodes, out of place."""
    nodes, weights = {0: features}, iter(weights)
    for source, end, kind in edges:
        value = nodes[source]
        if kind == POOL:
            value = F.avg_pool2d(value, 3, 1, 1, count_include_pad=False)
        elif kind != SKIP:
            value = F.conv2d(F.relu(value), next(weights), padding=kind // 2)
            value = F.batch_norm(value, None, None, training=True)
        nodes[end] = nodes[end] + value if end in nodes else value
    return nodes[edges[-1][1]]


@pytest.mark.parametrize("shape", [(3, 16, 8, 4), (2, 48, 4, 12), (16, 32, 16, 16)], ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_outputs_and_gradients(name, shape):
    edges = CELLS[name]
    generator = torch_generator(0, "test")

    def random(*size):
        return torch.randn(size, generator=generator).requires_grad_()

    features, upstream = random(*shape), random(*shape)
    weights = [random(shape[1], shape[1], k, k) for _, _, k in edges if k > 0]
    leaves = [features, *weights]
    exact = [leaf.detach().double().requires_grad_() for leaf in leaves]
    found, expected = cell(features, edges, weights), reference(exact[0], edges, exact[1:])
    ours = [found, *torch.autograd.grad(found, leaves, upstream)]
    theirs = [expected, *torch.autograd.grad(expected, exact, upstream.double())]
    for one, other in zip(ours, theirs, strict=True):
        scale = other.abs().max().item()
        torch.testing.assert_close(one.double(), other, rtol=0, atol=2e-5 * scale)


def test_inputs_stay_as_they_are():
    generator = torch_generator(0, "test")
    features = torch.randn((2, 16, 4, 4), generator=generator)
    before = features.clone()
    result = cell(features, CELLS["skip"], [])
    result.add_(1)
    assert torch.equal(features, before)


def test_pixels_on_the_rim_are_averaged_over_fewer():
    features = torch.ones(1, 16, 4, 4)
    torch.testing.assert_close(cell(features, CELLS["pool"], []), features)
