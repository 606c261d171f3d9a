"""Compiled pooling against torch's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.kernels.pooling import AveragePooling, MaximumPooling
from naslib_proxydata.seeding import torch_generator

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")


def random(*shape):
    return torch.randn(shape, generator=torch_generator(0, "test", *shape))


def accelerated(layer):
    fast = nn.Sequential(copy.deepcopy(layer))
    accelerate(fast)
    return fast[0]


def compare(plain, images):
    features = images.detach().requires_grad_()
    others = images.detach().clone().requires_grad_()
    found, expected = accelerated(plain)(features), plain(others)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6, equal_nan=True)
    upstream = random(*found.shape)
    (one,) = torch.autograd.grad(found, features, upstream)
    (other,) = torch.autograd.grad(expected, others, upstream)
    torch.testing.assert_close(one, other, rtol=0, atol=3e-6)


SHAPES = [(2, 16, 8, 8), (1, 36, 7, 5), (3, 7, 9, 17), (2, 1, 12, 3), (2, 9, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_averages_of_what_lies_inside(kernel, stride, shape):
    plain = nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=False)
    assert type(accelerated(plain)) is AveragePooling
    compare(plain, random(*shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_maxima_and_the_first_of_equals(kernel, stride, shape):
    plain = nn.MaxPool2d(kernel, stride, kernel // 2)
    assert type(accelerated(plain)) is MaximumPooling
    compare(plain, random(*shape).round())  # many are equal


def test_windows_that_touch_no_border():
    compare(nn.MaxPool2d(2), random(2, 16, 7, 6))
    compare(nn.AvgPool2d(2, count_include_pad=False), random(2, 16, 7, 6))


def test_there_may_be_more_outputs_than_inputs():
    compare(nn.MaxPool2d(2, 1, 1), random(2, 24, 5, 6))
    compare(nn.AvgPool2d(2, 1, 1, count_include_pad=False), random(2, 24, 5, 6))


def test_inputs_that_no_window_reads():
    compare(nn.MaxPool2d(1, 3), random(2, 24, 8, 6))
    compare(nn.AvgPool2d(2, 4, count_include_pad=False), random(2, 24, 8, 7))


def test_what_is_no_number_is_the_maximum():
    images = random(1, 9, 6, 6)
    images[0, 3, 2, 2] = torch.nan
    images[0, 4] = -torch.inf
    compare(nn.MaxPool2d(3, 1, 1), images)


def test_maxima_keep_a_byte_a_value():
    kept = []
    layer = accelerated(nn.MaxPool2d(3, 1, 1))
    features = random(2, 16, 8, 8).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda one: one):
        layer(features)
    assert [one.dtype for one in kept] == [torch.uint8]


def test_what_the_kernels_cannot_do_stays_torchs():
    others = [
        nn.AvgPool2d(3, 1, 1),
        nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        nn.AvgPool2d(3, count_include_pad=False, divisor_override=2),
        nn.AvgPool2d((3, 5), count_include_pad=False),
        nn.MaxPool2d(3, return_indices=True),
        nn.MaxPool2d(3, dilation=2),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(17),
        nn.AdaptiveAvgPool2d(1),
    ]
    network = nn.Sequential(*others)
    accelerate(network)
    assert [type(one) for one in network] == [type(one) for one in others]
    fast = accelerated(nn.MaxPool2d(3, 1, 1))
    images = random(2, 4, 6, 6).double()
    assert torch.equal(fast(images), nn.MaxPool2d(3, 1, 1)(images))
    with pytest.raises(RuntimeError):
        accelerated(nn.MaxPool2d(7, 1, 0))(random(1, 16, 3, 3))
