"""Compiled normalisation against torch's in double precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.kernels.normalisation import Normalisation
from naslib_proxydata.seeding import torch_generator

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")


def random(*shape):
    return torch.randn(shape, generator=torch_generator(0, "test", *shape))


def network(channels, relu, **options):
    norm = nn.BatchNorm2d(channels, **options)
    with torch.no_grad():
        norm.weight.copy_(random(channels))
        norm.bias.copy_(random(2 * channels)[channels:])
    return nn.Sequential(norm, nn.ReLU()) if relu else nn.Sequential(norm)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        (2, 16, 5, 7),
        (16, 48, 8, 8),
        (2, 32, 1, 1),
        (1, 64, 40, 3),
        (4, 43, 9, 9),
        (3, 5, 8, 8),
    ],
)
def test_outputs_gradients_and_running_statistics_are_those_of_torch(shape, relu):
    fast = network(shape[1], relu)
    plain = copy.deepcopy(fast).double()
    accelerate(fast)
    assert type(fast[0]) is Normalisation
    for moved in (0.0, 30.0):  # far from zero, squares of values say nothing of their spread
        features = (random(*shape) + moved).requires_grad_()
        exact = features.detach().double().requires_grad_()
        found, expected = fast(features), plain(exact)
        torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
        upstream = random(*shape)
        ours = torch.autograd.grad(found, [features, *fast.parameters()], upstream)
        theirs = torch.autograd.grad(expected, [exact, *plain.parameters()], upstream.double())
        for one, other in zip(ours, theirs, strict=True):
            scale = other.abs().max().item() + 1
            torch.testing.assert_close(one.double(), other, rtol=0, atol=2e-4 * scale)
    for one, other in zip(fast.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("momentum", [0.5, None])
def test_running_statistics_follow_with_any_momentum(momentum):
    fast = network(16, False, momentum=momentum)
    plain = copy.deepcopy(fast)
    accelerate(fast)
    for number in range(3):
        features = random(2, 16, 3, 4 + number)
        fast(features)
        plain(features)
    for one, other in zip(fast.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_rectifier_behind_is_joined_and_no_other():
    layers = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(), nn.ReLU(), nn.BatchNorm2d(16), nn.ReLU6())
    accelerate(layers)
    assert [type(one) for one in layers] == [
        Normalisation, nn.Identity, nn.ReLU, Normalisation, nn.ReLU6,
    ]  # fmt: skip
    assert layers[0].rectified
    assert not layers[3].rectified


def test_running_statistics_serve_where_nothing_is_trained():
    fast = network(16, True)
    plain = copy.deepcopy(fast)
    accelerate(fast)
    features = random(2, 16, 4, 4)
    assert torch.equal(fast.eval()(features), plain.eval()(features))


def test_what_the_kernels_cannot_do_stays_torchs():
    others = [
        nn.BatchNorm2d(16, affine=False),
        nn.BatchNorm2d(16, eps=1e-3),
        nn.BatchNorm1d(16),
    ]
    layers = nn.Sequential(*others)
    accelerate(layers)
    assert [type(one) for one in layers] == [type(one) for one in others]


def test_one_value_a_channel_is_refused_as_by_torch():
    fast = network(16, False)
    accelerate(fast)
    with pytest.raises(ValueError, match="more than 1 value"):
        fast(random(1, 16, 1, 1))


def test_constant_maps_are_normalised_to_their_shift():
    fast = network(16, False)
    accelerate(fast)
    found = fast(torch.full((2, 16, 8, 8), 3.0))
    torch.testing.assert_close(found, fast[0].bias.view(-1, 1, 1).expand_as(found))


def test_network_without_gradient_needs_none():
    fast = network(16, True).requires_grad_(False)
    accelerate(fast)
    features = random(2, 16, 4, 4).requires_grad_()
    fast(features).sum().backward()
    assert features.grad is not None
