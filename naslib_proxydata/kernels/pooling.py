"""Average and maximum pooling in compiled code, forwards and backwards.

Averages keep nothing for the way back, maxima a byte a value instead of torch's eight.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, readable
from naslib_proxydata.kernels.maps import empty_map

Window = tuple[int, int, int]
"""Kernel, stride and padding, the same for height and width."""
_TAPS = 256  # of a window, for which one of them to be told by a byte


class AveragePooling(nn.AvgPool2d):
    """An average that ``accelerate`` has taken over; it can be differentiated once."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h', w') as :class:`torch.nn.AvgPool2d` does."""
        window = _window(self)
        if window is None or not _takes(features, window):
            return super().forward(features)
        outputs: Tensor = _Average.apply(features, window)  # type: ignore[no-untyped-call]
        return outputs


class MaximumPooling(nn.MaxPool2d):
    """A maximum that ``accelerate`` has taken over; it can be differentiated once."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h', w') as :class:`torch.nn.MaxPool2d` does."""
        window = _window(self)
        if window is None or not _takes(features, window):
            outputs: Tensor = super().forward(features)
        else:
            outputs = _Maximum.apply(features, window)  # type: ignore[no-untyped-call]
        return outputs


def averages(layer: nn.Module) -> bool:
    """Return whether a layer averages as the compiled code does, zeros around left out."""
    return (
        type(layer) is nn.AvgPool2d
        and not layer.count_include_pad
        and layer.divisor_override is None
        and _window(layer) is not None
    )


def takes_maxima(layer: nn.Module) -> bool:
    """Return whether a layer takes maxima as the compiled code does."""
    return (
        type(layer) is nn.MaxPool2d
        and not layer.return_indices
        and layer.dilation in (1, (1, 1))
        and _window(layer) is not None
    )


def _window(layer: nn.AvgPool2d | nn.MaxPool2d) -> Window | None:
    """Return the window of a layer; None where it has sides, or a last step, of its own."""
    window = layer.kernel_size, layer.stride, layer.padding
    if layer.ceil_mode or not all(isinstance(one, int) for one in window):
        return None
    kernel, stride, padding = (int(one) for one in window)  # type: ignore[arg-type]
    return (kernel, stride, padding) if kernel**2 <= _TAPS and padding <= kernel // 2 else None


def _takes(features: Tensor, window: Window) -> bool:
    return readable(features) and features.dim() == 4 and min(_shape(features, window)) > 0


def _shape(features: Tensor, window: Window) -> tuple[int, ...]:
    """Return the shape of the outputs."""
    kernel, stride, padding = window
    sizes = ((size + 2 * padding - kernel) // stride + 1 for size in features.shape[2:])
    return (*features.shape[:2], *sizes)


def _sizes(features: tuple[int, ...], outputs: tuple[int, ...], window: Window) -> tuple[int, ...]:
    """Return what the C functions take after the tensors."""
    n, channels, height, width = features
    return n, height, width, channels, *outputs[2:], *window


class _Average(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, window: Window) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        result = empty_map(*_shape(features, window))
        ctx.sizes = _sizes(features.shape, result.shape, window)
        ctx.shape = features.shape
        call("average", features, result, *ctx.sizes)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        result = empty_map(*ctx.shape)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        call("average_gradient", upstream, result, *ctx.sizes)
        return result, None


class _Maximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, window: Window) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        result = empty_map(*_shape(features, window))
        taps = torch.empty(result.numel(), dtype=torch.uint8)
        ctx.save_for_backward(taps)
        ctx.sizes = _sizes(features.shape, result.shape, window)
        ctx.shape = features.shape
        call("maximum", features, result, taps, *ctx.sizes)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        result = empty_map(*ctx.shape)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        call("maximum_gradient", upstream, *ctx.saved_tensors, result, *ctx.sizes)
        return result, None
