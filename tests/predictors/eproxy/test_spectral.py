"""A frozen convolution by the Fourier transform against the direct one."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from naslib_proxydata.predictors.eproxy.config import Branch, EproxyConfig
from naslib_proxydata.predictors.eproxy.spectral import SpectralConv2d
from naslib_proxydata.predictors.eproxy.student import initialise, make_barriers


@pytest.mark.parametrize(
    ("inputs", "outputs", "kernel", "size"),
    [
        (5, 7, 7, (8, 8)),
        (3, 4, 7, (4, 4)),
        (2, 3, 7, (3, 9)),
        (3, 2, 7, (2, 2)),
        (4, 4, 3, (8, 6)),
        (3, 2, 1, (4, 4)),
    ],
)
def test_output_and_gradient_are_those_of_the_direct_convolution(inputs, outputs, kernel, size):
    generator = torch.Generator().manual_seed(0)
    layer = SpectralConv2d(inputs, outputs, kernel, kernel // 2).double().requires_grad_(False)
    initialise(layer, "kaiming_normal", generator)
    layer.bias.copy_(torch.arange(outputs))
    maps = torch.randn(3, inputs, *size, generator=generator, dtype=torch.float64)
    maps = maps.to(memory_format=torch.channels_last).requires_grad_()
    wanted = F.conv2d(maps, layer.weight, layer.bias, padding=kernel // 2)
    weight = torch.randn(wanted.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(layer(maps), wanted)
    for _ in range(2):  # the second time with the spectrum at hand
        gradients = [torch.autograd.grad(out, maps, weight)[0] for out in (layer(maps), wanted)]
        wanted = F.conv2d(maps, layer.weight, layer.bias, padding=kernel // 2)
        torch.testing.assert_close(*gradients)


def test_it_follows_its_weights_and_the_size_of_the_maps():
    layer = SpectralConv2d(2, 2, 7, 3).requires_grad_(False)
    for size in (8, 4, 8):
        initialise(layer, "xavier_normal", torch.Generator().manual_seed(size))
        maps = torch.ones(1, 2, size, size)
        wanted = F.conv2d(maps, layer.weight, layer.bias, padding=3)
        torch.testing.assert_close(layer(maps), wanted)


def test_padding_that_would_change_the_size_is_refused():
    with pytest.raises(ValueError, match="needs padding 3"):
        SpectralConv2d(2, 2, 7, 1)


def test_barriers_of_kernel_7_are_spectral_and_have_the_same_weights():
    branch = Branch(barrier_kernel=7, mid_channels=4, out_channels=4)
    (barrier,) = make_barriers(EproxyConfig(branches=(branch,)), 0)
    assert isinstance(barrier, SpectralConv2d)
    assert not any(weight.requires_grad for weight in barrier.parameters())
