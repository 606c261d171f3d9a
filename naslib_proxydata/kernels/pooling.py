"""Average and maximum pooling in compiled code, forwards and backwards.

Averages keep nothing for the way back, maxima a byte a value instead of torch's eight.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, readable, workspace
from naslib_proxydata.kernels.form import Form
from naslib_proxydata.kernels.maps import empty_map

AVERAGE, MAXIMUM = "average", "maximum"
_TAPS = 256  # of a window, for which one of them to be told by a byte


class AveragePooling(nn.AvgPool2d):
    """An average that ``accelerate`` has taken over; it can be differentiated once."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h', w') as :class:`torch.nn.AvgPool2d` does."""
        window = _window(self)
        if window is None or not _takes(features, window):
            return super().forward(features)
        outputs: Tensor = _Pool.apply(features, window, AVERAGE)  # type: ignore[no-untyped-call]
        return outputs


class MaximumPooling(nn.MaxPool2d):
    """A maximum that ``accelerate`` has taken over; it can be differentiated once."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h', w') as :class:`torch.nn.MaxPool2d` does."""
        window = _window(self)
        if window is None or not _takes(features, window):
            outputs: Tensor = super().forward(features)
        else:
            outputs = _Pool.apply(features, window, MAXIMUM)  # type: ignore[no-untyped-call]
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


def _window(layer: nn.AvgPool2d | nn.MaxPool2d) -> Form | None:
    """Return the window of a layer; None where it has sides, or a last step, of its own."""
    window = layer.kernel_size, layer.stride, layer.padding
    if layer.ceil_mode or not all(isinstance(one, int) for one in window):
        return None
    kernel, stride, padding = (int(one) for one in window)  # type: ignore[arg-type]
    fits = kernel**2 <= _TAPS and padding <= kernel // 2
    return Form(kernel, stride, padding, dilation=1) if fits else None


def _takes(features: Tensor, window: Form) -> bool:
    there = readable(features) and features.dim() == 4
    return there and min(*features.shape[:2], *window.sizes(features.shape)) > 0


class _Pool(torch.autograd.Function):
    """What the C function of a name makes, with the taps that it tells if it tells any."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, window: Form, name: str) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        n, channels, height, width = features.shape
        result = empty_map(n, channels, *window.sizes(features.shape))
        taps = [torch.empty(result.numel(), dtype=torch.uint8)] if name == MAXIMUM else []
        ctx.save_for_backward(*taps)
        ctx.name, ctx.shape = name, features.shape
        ctx.sizes = n, height, width, channels, *result.shape[2:], *window.read()[:3]
        call(name, features, result, *taps, *ctx.sizes, _work(ctx.sizes))
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        result = empty_map(*ctx.shape)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        arguments = upstream, *ctx.saved_tensors, result, *ctx.sizes, _work(ctx.sizes)
        call(f"{ctx.name}_gradient", *arguments)
        return result, None, None


def _work(sizes: tuple[int, ...]) -> Tensor:
    """Return workspace for sizes n, height, width, channels, those of outputs, and the window."""
    return workspace(call("pooling_workspace", *sizes[2:7]))
