"""Compiled normalisation against torch's in double precision."""

from __future__ import annotations

import copy
from unittest.mock import patch

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels import normalisation
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


def assert_same_gradients(found, ours, expected, theirs, atol):
    """Compare the gradients of outputs by tensors with those in double precision."""
    upstream = random(*found.shape)
    gradients = torch.autograd.grad(found, ours, upstream)
    exact = torch.autograd.grad(expected, theirs, upstream.double())
    for one, other in zip(gradients, exact, strict=True):
        scale = other.abs().max().item() + 1
        torch.testing.assert_close(one.double(), other, rtol=0, atol=atol * scale)


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
        ours, theirs = [features, *fast.parameters()], [exact, *plain.parameters()]
        assert_same_gradients(found, ours, expected, theirs, atol=2e-4)
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


CONVOLUTIONS = {
    "filtered": (24, 3, 1, (3, 16, 8, 12)),
    "filtered, rest of a register": (43, 3, 1, (2, 19, 8, 8)),
    "product": (40, 1, 1, (5, 32, 7, 7)),
    "product, rest of a register": (51, 1, 1, (4, 43, 9, 9)),
    "product, many blocks": (64, 1, 1, (8, 256, 16, 16)),
    "strided": (16, 3, 2, (2, 16, 9, 9)),
    "few values": (16, 1, 1, (3, 16, 1, 2)),
}
"""Output channels, kernel, stride, shape of the features."""


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_statistics_that_a_convolution_works_out_are_those_of_its_outputs(name):
    outputs, kernel, stride, shape = CONVOLUTIONS[name]
    padding = kernel // 2
    convolution = nn.Conv2d(shape[1], outputs, kernel, stride, padding, bias=False)
    nn.init.kaiming_uniform_(convolution.weight, generator=torch_generator(0, "weights"))
    fast = nn.Sequential(convolution, nn.BatchNorm2d(outputs))
    plain = copy.deepcopy(fast).double()
    accelerate(fast)
    assert fast[0].normalised
    for moved in (0.0, 30.0):
        features = (random(*shape) + moved).requires_grad_()
        exact = features.detach().double().requires_grad_()
        with patch.object(normalisation, "call", wraps=normalisation.call) as called:
            found = fast(features)
        assert "statistics" not in {one.args[0] for one in called.call_args_list}
        expected = plain(exact)
        torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-3)
        ours, theirs = [features, *fast.parameters()], [exact, *plain.parameters()]
        assert_same_gradients(found, ours, expected, theirs, atol=2e-3)
    for one, other in zip(fast.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=1e-4, atol=1e-4)


def test_statistics_are_taken_anew_of_what_was_changed_behind_a_convolution():
    fast = nn.Sequential(nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16))
    plain = copy.deepcopy(fast)
    accelerate(fast)
    features = random(2, 16, 5, 5)
    with torch.no_grad():
        found = fast[1](fast[0](features).mul_(3).add_(1))
        expected = plain[1](plain[0](features).mul_(3).add_(1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    handle = fast[0].register_forward_hook(lambda _, __, outputs: outputs * random(1, 16, 5, 5))
    found = fast(features)
    handle.remove()
    expected = plain[1](plain[0](features) * random(1, 16, 5, 5))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_bias_or_another_layer_between_leaves_statistics_to_the_normalisation():
    layers = nn.Sequential(
        nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16), nn.Conv2d(16, 16, 1, bias=False), nn.ReLU(),
        nn.BatchNorm2d(16),
    )  # fmt: skip
    plain = copy.deepcopy(layers)
    accelerate(layers)
    assert not layers[2].normalised
    features = random(2, 16, 4, 4)
    torch.testing.assert_close(layers(features), plain(features), rtol=1e-4, atol=1e-4)
