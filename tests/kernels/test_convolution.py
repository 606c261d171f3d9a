"""Compiled convolutions against torch's in double precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels import convolution
from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import Compilable, Convolution, accelerate
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build

compiled = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")


def layer(inputs, outputs, kernel=3, padding=1, bias=False, **options):
    def make():
        return nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=bias, **options)

    return build(make, torch_generator(0, "test", "weights"))


def random(*shape):
    return torch.randn(shape, generator=torch_generator(0, "test", *shape))


def close(found, expected):
    """To a few roundings of the largest value, which is what sums of products lose."""
    scale = expected.abs().max().item()
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-5 * scale)


@compiled
@pytest.mark.parametrize("last", [True, False], ids=["channels-last", "channels-first"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("n", "inputs", "outputs", "height", "width"),
    [(2, 16, 16, 8, 8), (3, 16, 48, 4, 12), (5, 64, 32, 8, 4), (16, 32, 32, 16, 16)],
)
def test_outputs_and_gradients_are_those_of_torch(n, inputs, outputs, height, width, bias, last):
    plain = layer(inputs, outputs, bias=bias).double()
    fast = layer(inputs, outputs, bias=bias)
    accelerate(fast)
    assert type(fast) is Convolution
    images = random(n, inputs, height, width)
    if last:
        fast = fast.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    features = images.requires_grad_()
    exact = features.detach().double().requires_grad_()
    upstream = random(n, outputs, height, width)
    expected, found = plain(exact), fast(features)
    close(found, expected)
    ours = torch.autograd.grad(found, [features, *fast.parameters()], upstream)
    theirs = torch.autograd.grad(expected, [exact, *plain.parameters()], upstream.double())
    for one, other in zip(ours, theirs, strict=True):
        close(one, other)


@compiled
def test_frozen_weights_pass_gradients_on():
    plain, fast = (layer(16, 32, bias=True).requires_grad_(False) for _ in range(2))
    accelerate(fast)
    upstream = random(2, 32, 8, 8)
    for _ in range(2):  # the second time with what the first has kept
        features = random(2, 16, 8, 8).requires_grad_()
        exact = features.detach().double().requires_grad_()
        found, expected = fast(features), plain.double()(exact)
        close(found, expected)
        (one,) = torch.autograd.grad(found, features, upstream)
        (other,) = torch.autograd.grad(expected, exact, upstream.double())
        close(one, other)


@compiled
def test_what_the_kernels_cannot_do_stays_torchs():
    others = [
        layer(16, 16, kernel=1, padding=0),
        layer(16, 16, kernel=5, padding=2),
        layer(16, 16, stride=2),
        layer(16, 16, padding=0),
        layer(16, 16, dilation=2, padding=2),
        layer(16, 16, groups=2),
        layer(16, 16, padding_mode="circular"),
        layer(16, 12),
    ]
    network = nn.Sequential(*others)
    accelerate(network)
    assert [type(one) for one in network] == [nn.Conv2d] * len(others)


@compiled
@pytest.mark.parametrize("shape", [(2, 16, 6, 8), (2, 16, 8, 7)])
def test_sizes_that_do_not_divide_into_tiles_go_torchs_way(shape):
    plain, fast = layer(16, 16), layer(16, 16)
    accelerate(fast)
    assert torch.equal(fast(random(*shape)), plain(random(*shape)))


@compiled
def test_double_precision_goes_torchs_way():
    plain, fast = layer(16, 16).double(), layer(16, 16).double()
    accelerate(fast)
    images = random(2, 16, 8, 8).double()
    assert torch.equal(fast(images), plain(images))


class Whole(Compilable):
    """A layer with a compiled way of its own."""


@compiled
def test_layers_with_a_way_of_their_own_are_told():
    network = nn.Sequential(Whole())
    accelerate(network)
    assert network[0].compiled
    assert not Whole().compiled


def test_without_kernels_nothing_changes(monkeypatch):
    monkeypatch.setattr(convolution, "lanes", lambda: 0)
    network = nn.Sequential(layer(16, 16), Whole())
    accelerate(network)
    assert type(network[0]) is nn.Conv2d
    assert not network[1].compiled
