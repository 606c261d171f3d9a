"""Compiled depthwise convolutions against torch's in double precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.kernels.depthwise import DepthwiseConvolution
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")


def layer(channels, kernel, bias=False, **options):
    def make():
        return nn.Conv2d(channels, channels, kernel, groups=channels, bias=bias, **options)

    return build(make, torch_generator(0, "test", "weights"))


def accelerated(*settings, **options):
    fast = layer(*settings, **options)
    accelerate(fast)
    assert type(fast) is DepthwiseConvolution
    return fast


def random(*shape):
    return torch.randn(shape, generator=torch_generator(0, "test", *shape))


def close(found, expected):
    """To a few roundings of the largest value, which is what sums of products lose."""
    scale = expected.abs().max().item()
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-6 * scale)


def compare(fast, plain, features):
    """Outputs, and gradients by features and what learns."""
    features = features.detach().requires_grad_()
    exact = features.detach().double().requires_grad_()
    found, expected = fast(features), plain.double()(exact)
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    upstream = random(*expected.shape)
    learn = [one.requires_grad for one in fast.parameters()]
    ours, theirs = (
        [one for one, learns in zip(layer.parameters(), learn, strict=True) if learns]
        for layer in (fast, plain)
    )
    close(found, expected)
    ours = torch.autograd.grad(found, [features, *ours], upstream)
    theirs = torch.autograd.grad(expected, [exact, *theirs], upstream.double())
    for one, other in zip(ours, theirs, strict=True):
        close(one, other)


SHAPES = [(2, 16, 8, 8), (1, 36, 7, 5), (3, 7, 9, 17), (2, 1, 12, 3), (1, 40, 2, 11), (2, 9, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_outputs_and_gradients_are_those_of_torch(kernel, dilation, stride, shape):
    options = {"stride": stride, "dilation": dilation, "padding": dilation * (kernel // 2)}
    fast, plain = (make(shape[1], kernel, **options) for make in (accelerated, layer))
    compare(fast, plain, random(*shape).contiguous(memory_format=torch.channels_last))


@pytest.mark.parametrize("padding", [0, 1, 3, 9])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_any_padding_stride_and_dilation(dilation, stride, padding):
    options = {"stride": stride, "dilation": dilation, "padding": padding, "bias": True}
    fast, plain = (make(20, 3, **options) for make in (accelerated, layer))
    compare(fast, plain, random(2, 20, 10, 23))


def test_sums_over_many_pixels_stay_precise():
    fast, plain = (make(16, 3, padding=1) for make in (accelerated, layer))
    compare(fast, plain, random(16, 16, 32, 32) + 3)


@pytest.mark.parametrize("shape", [(2, 24, 8, 16), (2, 20, 8, 5), (2, 7, 9, 9)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_of_the_positive_part(stride, shape):
    plain = nn.Sequential(nn.ReLU(), layer(shape[1], 3, padding=1, stride=stride))
    fast = copy.deepcopy(plain)
    accelerate(fast)
    assert [type(one) for one in fast] == [nn.Identity, DepthwiseConvolution]
    features = random(*shape)
    features[..., 0] = 0  # where the ReLU passes no gradient on
    compare(fast, plain, features)


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_frozen_parameters_pass_gradients_on(frozen):
    fast, plain = (make(12, 5, padding=2, bias=True) for make in (accelerated, layer))
    getattr(fast, frozen).requires_grad_(False)
    compare(fast, plain, random(2, 12, 6, 6))


def test_only_the_weight_learns():
    fast, plain = (make(12, 5, padding=2) for make in (accelerated, layer))
    images = random(2, 12, 6, 6)
    (found,) = torch.autograd.grad(fast(images).sum(), fast.parameters())
    plain = plain.double()
    (expected,) = torch.autograd.grad(plain(images.double()).sum(), plain.parameters())
    close(found, expected)


def test_features_and_gradients_that_are_spread_in_memory():
    fast, plain = (make(10, 3, padding=1) for make in (accelerated, layer))
    compare(fast, plain, random(2, 20, 18, 9)[:, ::2, ::3].transpose(2, 3))
    images = random(2, 10, 6, 6).requires_grad_()
    exact = images.detach().double().requires_grad_()
    (one,) = torch.autograd.grad(fast(images).sum(), images)  # of one number, repeated
    (other,) = torch.autograd.grad(plain(exact).sum(), exact)
    close(one, other)


def test_what_the_kernels_cannot_do_stays_torchs():
    others = [
        layer(16, 1),
        layer(16, 4),
        layer(16, 9),
        layer(16, (3, 5)),
        layer(16, 3, stride=(1, 2)),
        layer(16, 3, dilation=(2, 1)),
        layer(16, 3, padding=(0, 1)),
        layer(16, 3, padding="same"),
        layer(16, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(16, 32, 3, groups=16),
        nn.Conv2d(32, 16, 3, groups=16),
        nn.Conv2d(16, 16, 3, groups=8),
        nn.Conv1d(16, 16, 3, groups=16),
        nn.ConvTranspose2d(16, 16, 3, groups=16),
    ]
    network = nn.Sequential(*others)
    before = [type(one) for one in network]
    accelerate(network)
    assert [type(one) for one in network] == before


def test_inputs_that_the_kernels_cannot_read_go_torchs_way():
    fast, plain = (make(6, 3, padding=1) for make in (accelerated, layer))
    for images in (random(6, 8, 8), random(2, 6, 8, 8)[:0]):
        assert torch.equal(fast(images), plain(images))
    images = random(2, 6, 8, 8).double()
    assert torch.equal(fast.double()(images), plain.double()(images))
    fast.rectified = True
    assert torch.equal(fast(images), plain(images.relu()))


@pytest.mark.parametrize("shape", [(2, 7, 8, 8), (2, 6, 2, 8)], ids=["channels", "height"])
def test_shapes_that_do_not_fit_are_torchs_errors(shape):
    with pytest.raises(RuntimeError):
        accelerated(6, 5)(random(*shape))
