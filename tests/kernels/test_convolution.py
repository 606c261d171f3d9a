"""Compiled convolutions against torch's in double precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels import convolution
from naslib_proxydata.kernels.compiled import lanes, paused
from naslib_proxydata.kernels.convolution import Compilable, Convolution, accelerate
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.common.networks import FactorizedReduction

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


def compare(fast, plain, images):
    """Outputs, and gradients by features and weights, against double precision."""
    features = images.detach().requires_grad_()
    exact = images.detach().double().requires_grad_()
    found, expected = fast(features), plain.double()(exact)
    close(found, expected)
    upstream = random(*found.shape)
    ours = torch.autograd.grad(found, [features, *fast.parameters()], upstream)
    theirs = torch.autograd.grad(expected, [exact, *plain.parameters()], upstream.double())
    for one, other in zip(ours, theirs, strict=True):
        close(one, other)


@compiled
@pytest.mark.parametrize("last", [True, False], ids=["channels-last", "channels-first"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("n", "inputs", "outputs", "height", "width"),
    [
        (2, 16, 16, 8, 8),
        (3, 16, 48, 4, 12),
        (5, 64, 32, 8, 4),
        (16, 32, 32, 16, 16),
        (2, 43, 26, 8, 8),
        (1, 16, 42, 4, 4),
    ],
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
@pytest.mark.parametrize(("inputs", "outputs"), [(16, 32), (43, 25)])
def test_frozen_weights_pass_gradients_on(inputs, outputs):
    plain, fast = (layer(inputs, outputs, bias=True).requires_grad_(False) for _ in range(2))
    accelerate(fast)
    upstream = random(2, outputs, 8, 8)
    for _ in range(2):  # the second time with what the first has kept
        features = random(2, inputs, 8, 8).requires_grad_()
        exact = features.detach().double().requires_grad_()
        found, expected = fast(features), plain.double()(exact)
        close(found, expected)
        (one,) = torch.autograd.grad(found, features, upstream)
        (other,) = torch.autograd.grad(expected, exact, upstream.double())
        close(one, other)


@compiled
def test_a_weight_that_learns_again_is_no_longer_served_by_what_was_kept():
    fast = layer(16, 32).requires_grad_(False)
    accelerate(fast)
    features = random(2, 16, 8, 8)
    before = fast(features)
    fast.requires_grad_()
    with torch.no_grad():
        fast.weight.mul_(2)
    close(fast(features), 2 * before.double())


@compiled
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("n", "inputs", "outputs", "height", "width", "form"),
    [
        (3, 16, 32, 7, 5, {"kernel": 1, "padding": 0}),
        (2, 48, 16, 8, 8, {"kernel": 1, "padding": 0, "stride": 2}),
        (2, 32, 48, 9, 6, {"stride": 2}),
        (1, 16, 16, 2, 3, {}),
        (2, 16, 32, 6, 8, {"padding": 0}),
        (2, 16, 16, 9, 8, {"dilation": 2, "padding": 2}),
        (2, 16, 16, 3, 4, {"kernel": 5, "padding": 2}),
        (2, 16, 16, 8, 8, {"kernel": 7, "padding": 1, "stride": 3}),
        (2, 64, 64, 1, 1, {}),
        (40, 512, 16, 2, 2, {}),
        (2, 25, 43, 6, 6, {"kernel": 1, "padding": 0}),
        (3, 43, 16, 5, 8, {"stride": 2}),
        (2, 16, 26, 3, 3, {}),
        (16, 64, 48, 1, 1, {}),
        (17, 32, 16, 2, 2, {}),
        (40, 16, 96, 2, 1, {}),
        (16, 48, 32, 4, 4, {"stride": 2}),
        (9, 32, 64, 2, 2, {"stride": 2}),
        (16, 80, 32, 2, 2, {"kernel": 1, "padding": 0}),
        (16, 16, 32, 2, 2, {"kernel": 5, "padding": 2}),
        (16, 16, 16, 4, 4, {"padding": 0}),
        (16, 16, 32, 3, 1, {"dilation": 2, "padding": 2}),
        (16, 160, 32, 2, 2, {}),
    ],
)
def test_any_square_form_is_torchs(n, inputs, outputs, height, width, form, bias):
    plain, fast = (layer(inputs, outputs, bias=bias, **form) for _ in range(2))
    accelerate(fast)
    assert type(fast) is Convolution
    compare(fast, plain, random(n, inputs, height, width))


@compiled
@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "form"),
    [
        (16, 32, 8, {}),
        (43, 26, 8, {}),
        (16, 32, 7, {"kernel": 1, "padding": 0}),
        (25, 43, 6, {"kernel": 1, "padding": 0}),
        (32, 16, 9, {"stride": 2}),
        (32, 48, 2, {}),
        (16, 32, 1, {"stride": 2}),
    ],
)
def test_of_the_positive_part_where_a_relu_was_taken_out(inputs, outputs, height, form):
    plain = nn.Sequential(nn.ReLU(), layer(inputs, outputs, bias=True, **form))
    fast = copy.deepcopy(plain)
    accelerate(fast)
    assert [type(one) for one in fast] == [nn.Identity, Convolution]
    images = random(max(2, lanes() if height < 3 else 0), inputs, height, height)
    images[..., 0] = 0  # where the ReLU passes no gradient on
    compare(fast, plain, images)
    with paused():
        close(fast(images), plain(images.double()))


@compiled
def test_each_rectifier_is_taken_out_once():
    network = nn.Sequential(
        layer(16, 16), nn.ReLU(), nn.BatchNorm2d(16), nn.ReLU(), layer(16, 16), nn.ReLU()
    )
    exact = copy.deepcopy(network).double()
    accelerate(network)
    kinds = [type(one) is nn.Identity for one in network]
    assert kinds == [False, False, False, True, False, False]
    assert network[2].rectified
    assert not network[4].rectified
    images = random(2, 16, 8, 8)
    close(network(images), exact(images.double()))


@compiled
@pytest.mark.parametrize("shape", [(2, 32, 8, 8), (1, 32, 7, 9), (3, 20, 5, 4)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_factorized_reduction_makes_no_moved_image(stride, shape):
    outputs = 2 * shape[1]
    plain = build(
        lambda: FactorizedReduction(shape[1], outputs, stride), torch_generator(0, "test")
    )
    fast = copy.deepcopy(plain)
    accelerate(fast)
    assert fast.compiled
    features = random(*shape).requires_grad_()
    exact = features.detach().double().requires_grad_()
    found, expected = fast(features), plain.double()(exact)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
    upstream = random(*found.shape)
    ours = torch.autograd.grad(found, [features, *fast.parameters()], upstream)
    theirs = torch.autograd.grad(expected, [exact, *plain.parameters()], upstream.double())
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-3, atol=1e-3)


@compiled
@pytest.mark.parametrize(
    ("inputs", "outputs", "size", "form"),
    [(16, 32, (40, 37), {"kernel": 1, "padding": 0}), (64, 64, (24, 20), {})],
    ids=["lines", "tiles"],
)
def test_several_blocks_add_up(inputs, outputs, size, form):
    plain, fast = (layer(inputs, outputs, **form) for _ in range(2))
    accelerate(fast)
    features = random(4, inputs, *size)  # more positions than the compiled code takes at a time
    upstream = random(4, outputs, *size)
    (ours,) = torch.autograd.grad(fast(features), fast.weight, upstream)
    exact = plain.double()
    (theirs,) = torch.autograd.grad(exact(features.double()), exact.weight, upstream.double())
    close(ours, theirs)


@compiled
def test_what_the_kernels_cannot_do_stays_torchs():
    others = [
        layer(16, 16, kernel=(3, 1), padding=(1, 0)),
        layer(16, 16, stride=(1, 2)),
        layer(16, 16, padding="same"),
        layer(16, 16, groups=2),
        layer(16, 16, padding_mode="circular"),
        layer(16, lanes() - 1),
        layer(3, 16),
    ]
    network = nn.Sequential(*others)
    accelerate(network)
    assert [type(one) for one in network] == [nn.Conv2d] * len(others)


@compiled
def test_taps_that_read_nothing_have_no_gradient():
    fast = layer(16, 32)
    accelerate(fast)
    found = fast(random(2 * lanes(), 16, 1, 1))
    (gradient,) = torch.autograd.grad(found.square().sum(), fast.weight)
    read = gradient.abs().sum((0, 1)) > 0
    assert read.flatten().tolist() == [place == 4 for place in range(9)]


@compiled
def test_small_maps_are_normalised_by_the_statistics_worked_out_on_the_way():
    network = nn.Sequential(layer(32, 48), nn.BatchNorm2d(48))
    exact = copy.deepcopy(network).double()
    accelerate(network)
    compare(network, exact, random(2 * lanes(), 32, 2, 2))


@compiled
def test_a_map_smaller_than_the_kernel_is_refused_as_by_torch():
    plain, fast = (layer(16, 16, kernel=5, padding=0) for _ in range(2))
    accelerate(fast)
    for one in (plain, fast):
        with pytest.raises(RuntimeError, match="Kernel size"):
            one(random(1, 16, 4, 4))


@compiled
def test_an_empty_batch_is_empty():
    fast = layer(16, 16)
    accelerate(fast)
    assert fast(random(0, 16, 8, 8)).shape == (0, 16, 8, 8)


@compiled
def test_double_precision_goes_torchs_way():
    plain, fast = layer(16, 16).double(), layer(16, 16).double()
    accelerate(fast)
    images = random(2, 16, 8, 8).double()
    torch.testing.assert_close(fast(images), plain(images), rtol=1e-12, atol=1e-12)


class Whole(Compilable):
    """A layer with a compiled way of its own."""


@compiled
def test_layers_with_a_way_of_their_own_are_told():
    network = nn.Sequential(Whole())
    accelerate(network)
    assert network[0].compiled
    assert not Whole().compiled


@compiled
def test_paused_layers_can_be_differentiated_twice():
    network = nn.Sequential(
        layer(16, 16), nn.BatchNorm2d(16), nn.Tanh(), layer(16, 16, groups=16), layer(16, 16, 1, 0)
    )
    accelerate(network)
    features = random(2, 16, 8, 8).requires_grad_()

    def bend():
        (slope,) = torch.autograd.grad(network(features).sum(), features, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), features)[0]

    with pytest.raises(RuntimeError):
        bend()
    with paused():
        with paused():
            pass
        assert bend().abs().sum() > 0
    with pytest.raises(RuntimeError):
        bend()


@compiled
def test_hooks_of_every_layer_run_where_they_are_wanted():
    network = nn.Sequential(layer(16, 16), nn.BatchNorm2d(16), nn.ReLU(), Whole())
    accelerate(network, hooks=True)
    assert type(network[2]) is nn.ReLU
    assert not network[3].compiled
    outputs = []
    network[1].register_forward_hook(lambda _, __, output: outputs.append(output))
    network[:3](random(2, 16, 8, 8))
    assert outputs[0].min() < 0  # the normalisation's own, not yet rectified


def test_networks_elsewhere_stay_as_they_are():
    network = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, device="meta"))
    accelerate(network)
    assert type(network[0]) is nn.Conv2d


def test_without_kernels_nothing_changes(monkeypatch):
    monkeypatch.setattr(convolution, "lanes", lambda: 0)
    network = nn.Sequential(layer(16, 16), Whole())
    accelerate(network)
    assert type(network[0]) is nn.Conv2d
    assert not network[1].compiled
