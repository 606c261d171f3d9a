"""Second derivatives of compiled layers against torch's in double precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.kernels.twice import TwiceConvolution, TwiceNormalisation
from naslib_proxydata.seeding import torch_generator

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")

CONVOLUTIONS = {
    "filtered": (16, 24, {"kernel_size": 3, "padding": 1}, (3, 8, 12)),
    "filtered, many tiles": (19, 43, {"kernel_size": 3, "padding": 1}, (8, 16, 16)),
    "product": (32, 40, {"kernel_size": 1}, (5, 7, 7)),
    "rest of a register": (43, 51, {"kernel_size": 1}, (2, 5, 3)),
    "strided": (16, 17, {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 9, 8)),
    "dilated": (16, 16, {"kernel_size": 3, "padding": 2, "dilation": 2}, (2, 9, 9)),
}
"""Inputs, outputs, other options, and (n, h, w) of the features."""


def random(*shape, purpose="test"):
    return torch.randn(shape, generator=torch_generator(0, purpose, *shape))


def derivatives(network, features, upstreams):
    """Return the outputs, their first derivatives, and those of a weighted sum of these."""
    features = features.detach().requires_grad_()
    learning = [features, *(one for one in network.parameters() if one.requires_grad)]
    outputs = network(features)
    first = torch.autograd.grad(outputs.sin(), learning, upstreams[0], create_graph=True)
    total = sum((one * random(*one.shape).to(one)).sum() for one in first)
    second = torch.autograd.grad(total, learning)
    return [outputs, *first, *second]


def assert_alike(fast, plain, features):
    upstream = random(*plain(features.double()).shape, purpose="upstream")
    found = derivatives(fast, features, [upstream])
    expected = derivatives(plain, features.double(), [upstream.double()])
    for one, other in zip(found, expected, strict=True):
        scale = other.abs().max().item() + 1
        torch.testing.assert_close(one.double(), other, rtol=0, atol=2e-4 * scale)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_are_those_of_torch(name):
    inputs, outputs, options, (n, height, width) = CONVOLUTIONS[name]
    fast = nn.Sequential(nn.Conv2d(inputs, outputs, bias=False, **options))
    with torch.no_grad():
        fast[0].weight.copy_(random(*fast[0].weight.shape) / 10)
    plain = copy.deepcopy(fast).double()
    accelerate(fast, twice=True)
    assert type(fast[0]) is TwiceConvolution
    assert_alike(fast, plain, random(n, inputs, height, width))


@pytest.mark.parametrize("shape", [(2, 16, 5, 7), (4, 43, 9, 9), (3, 5, 8, 8), (70, 16, 1, 1)])
@pytest.mark.parametrize("moved", [0.0, 10.0])
def test_normalisations_are_those_of_torch(shape, moved):
    fast = nn.Sequential(nn.BatchNorm2d(shape[1]))
    with torch.no_grad():
        fast[0].weight.copy_(random(shape[1]))
        fast[0].bias.copy_(random(shape[1], purpose="bias"))
    fast.requires_grad_(False)
    plain = copy.deepcopy(fast).double()
    accelerate(fast, twice=True)
    assert type(fast[0]) is TwiceNormalisation
    assert_alike(fast, plain, random(*shape) + moved)


def test_a_network_of_both_is_that_of_torch():
    def layers(inputs, outputs):
        norm = nn.BatchNorm2d(outputs).requires_grad_(False)
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), norm, nn.Tanh()

    fast = nn.Sequential(*layers(3, 16), *layers(16, 16), nn.AvgPool2d(2), *layers(16, 32))
    plain = copy.deepcopy(fast).double()
    accelerate(fast, twice=True)
    assert [type(one) for one in fast[::3]][:2] == [nn.Conv2d, TwiceConvolution]
    assert_alike(fast, plain, random(2, 3, 8, 8))


def test_a_scale_that_learns_leaves_a_normalisation_to_torch():
    fast = nn.Sequential(nn.BatchNorm2d(16))
    plain = copy.deepcopy(fast).double()
    accelerate(fast, twice=True)
    assert_alike(fast, plain, random(2, 16, 4, 4))
