"""3x3 convolutions in compiled code: less than half the time of torch's on one thread.

The result is the convolution's to rounding in single precision (``winograd.c`` says how). What
the compiled code cannot do, and everything where there is none, goes torch's way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, lanes, workspace
from naslib_proxydata.kernels.depthwise import DepthwiseConvolution, is_depthwise

_TILE = 4


class Convolution(nn.Conv2d):
    """A 3x3 convolution that :func:`accelerate` has taken over; it can be differentiated once.

    Runs on the calling thread alone, whatever torch's number of threads.
    """

    _frozen: tuple[Tensor, Tensor] | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h, w)."""
        if not possible(features):
            return super().forward(features)
        outputs: Tensor = _Winograd.apply(features, self.weight, self._filters())  # type: ignore[no-untyped-call]
        return outputs if self.bias is None else outputs + self.bias.view(-1, 1, 1)

    def _filters(self) -> tuple[Tensor, Tensor] | None:
        """Transform weights that never learn once and for all."""
        if self.weight.requires_grad:
            return None
        if self._frozen is None:
            self._frozen = _filters(self.weight), _turned_filters(self.weight)
        return self._frozen


def accelerate(network: nn.Module) -> None:
    """Let convolutions of a network, and other layers that can, run in compiled code.

    Nothing changes where there is none. Afterwards hooks inside of a :class:`Compilable` layer
    do not run, and what is computed can be differentiated once; weights that do not require a
    gradient must be final.
    """
    if not lanes():
        return
    for module in network.modules():
        if isinstance(module, Compilable):
            module.compiled = True
        elif type(module) is nn.Conv2d and _fits(module):
            module.__class__ = Convolution
        elif type(module) is nn.Conv2d and is_depthwise(module):
            module.__class__ = DepthwiseConvolution


class Compilable(nn.Module):
    """A layer that has a way through compiled code of its own.

    Attributes:
        compiled: Whether it may take it; it still asks whether that is :func:`possible`.
    """

    compiled = False


def possible(features: Tensor) -> bool:
    """Return whether compiled code can read features (n, channels, h, w)."""
    _, channels, height, width = features.shape
    return (
        features.dtype == torch.float32
        and features.device.type == "cpu"
        and channels % lanes() == height % _TILE == width % _TILE == 0
    )


def _fits(layer: nn.Conv2d) -> bool:
    return (
        layer.kernel_size == (3, 3)
        and layer.stride == layer.padding == layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and layer.out_channels % lanes() == 0
    )


class _Winograd(torch.autograd.Function):
    """The convolution and its gradients by features and weight."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, filters: tuple[Tensor, Tensor] | None
    ) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(features, weight)
        ctx.filters = filters
        return _convolve(features, filters[0] if filters else _filters(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            turned = ctx.filters[1] if ctx.filters else _turned_filters(weight)
            by_features = _convolve(upstream, turned)
        if ctx.needs_input_grad[1]:
            by_weight = _weight_gradient(features, upstream)
        return by_features, by_weight, None


def _filters(weight: Tensor) -> Tensor:
    outputs, inputs = weight.shape[:2]
    points = weight.new_empty(36, inputs, outputs)
    weight = weight.contiguous(memory_format=torch.channels_last)
    call("filters", weight, inputs, outputs, points, workspace(weight.numel()))
    return points


def _turned_filters(weight: Tensor) -> Tensor:
    outputs, inputs = weight.shape[:2]
    points = weight.new_empty(36, outputs, inputs)
    weight = weight.contiguous(memory_format=torch.channels_last)
    call("turned_filters", weight, inputs, outputs, points)
    return points


def _convolve(features: Tensor, filters: Tensor) -> Tensor:
    n, inputs, height, width = features.shape
    outputs = filters.shape[2]
    result = empty_map(n, outputs, height, width)
    work = workspace(call("workspace", inputs, outputs))
    everything = (0, 0, 0)  # no ReLU, no mask, nothing to add to
    call(
        "convolve", features, filters, result, n, height, width, inputs, outputs, *everything, work
    )
    return result


def _weight_gradient(features: Tensor, upstream: Tensor) -> Tensor:
    n, inputs, height, width = features.shape
    outputs = upstream.shape[1]
    result = empty_map(outputs, inputs, 3, 3)
    work = workspace(call("workspace", inputs, outputs))
    call("weight_gradient", features, upstream, result, n, height, width, inputs, outputs, 0, work)
    return result


def empty_map(*shape: int) -> Tensor:
    """Return a tensor (n, channels, h, w) with channels last in memory, values undefined."""
    return torch.empty(shape, memory_format=torch.channels_last)
