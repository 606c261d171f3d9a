"""The operations on the edges of NASNet-like cells (arXiv 1905.13214, section 4.1).

Shapes: (n, channels, h, w) to (n, channels, h/stride, w/stride), rounded up.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from naslib_proxydata.spaces.common.networks import FactorizedReduction, conv

Operation = Callable[[int, int], nn.Module]
"""Makes an operation from its number of channels and its stride."""


def _norm_of(channels: int, *layers: nn.Module) -> nn.Sequential:
    """Return ReLU, the layers, batch normalisation."""
    return nn.Sequential(nn.ReLU(), *layers, nn.BatchNorm2d(channels))


def convolution(kernel: int) -> Operation:
    """ReLU, full convolution, normalisation."""
    return lambda channels, stride: _norm_of(channels, conv(channels, channels, kernel, stride))


def separable(kernel: int, dilation: int = 1) -> Operation:
    """Depthwise and pointwise convolution, twice; the first takes the stride."""

    def make(channels: int, stride: int) -> nn.Module:
        halves = [
            _norm_of(channels, *_depthwise(channels, kernel, step, dilation))
            for step in (stride, 1)
        ]
        return nn.Sequential(*halves)

    return make


def dilated(kernel: int) -> Operation:
    """Depthwise convolution of dilation 2, then pointwise, once."""
    return lambda channels, stride: _norm_of(channels, *_depthwise(channels, kernel, stride, 2))


def crossed(kernel: int) -> Operation:
    """A row convolution, then a column convolution, with no normalisation between."""

    def make(channels: int, stride: int) -> nn.Module:
        pad = kernel // 2
        row = nn.Conv2d(channels, channels, (1, kernel), (1, stride), (0, pad), bias=False)
        column = nn.Conv2d(channels, channels, (kernel, 1), (stride, 1), (pad, 0), bias=False)
        return _norm_of(channels, row, column)

    return make


def _depthwise(channels: int, kernel: int, stride: int, dilation: int) -> tuple[nn.Module, ...]:
    depthwise = conv(channels, channels, kernel, stride, groups=channels, dilation=dilation)
    return depthwise, conv(channels, channels, 1)


def _average(kernel: int) -> Operation:
    return lambda channels, stride: nn.AvgPool2d(
        kernel, stride, padding=kernel // 2, count_include_pad=False
    )


def _maximum(kernel: int) -> Operation:
    return lambda channels, stride: nn.MaxPool2d(kernel, stride, padding=kernel // 2)


def _skip(channels: int, stride: int) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduction(channels, channels, stride)


OPERATIONS: dict[str, Operation] = {
    "skip_connect": _skip,
    "avg_pool_3x3": _average(3),
    "max_pool_3x3": _maximum(3),
    "max_pool_5x5": _maximum(5),
    "max_pool_7x7": _maximum(7),
    "conv_1x1": convolution(1),
    "conv_3x3": convolution(3),
    "conv_3x1_1x3": crossed(3),
    "conv_7x1_1x7": crossed(7),
    "sep_conv_3x3": separable(3),
    "sep_conv_5x5": separable(5),
    "sep_conv_7x7": separable(7),
    "dil_conv_3x3": dilated(3),
    "dil_conv_5x5": dilated(5),
    "dil_sep_conv_3x3": separable(3, dilation=2),
}
"""Every operation but ``none``, which has no module."""
