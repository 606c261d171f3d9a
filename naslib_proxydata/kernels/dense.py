"""Convolutions of any kernel, stride and dilation as products of matrices, in compiled code."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, empty_map, padded, whole, workspace


class Form(NamedTuple):
    """What a convolution reads, the same for height and width."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    def size(self, size: int) -> int:
        """Return the height or width of the outputs."""
        reach = self.dilation * (self.kernel - 1)
        return (size + 2 * self.padding - reach - 1) // self.stride + 1


def dense(features: Tensor, weight: Tensor, form: Form) -> Tensor:
    """Convolve; can be differentiated once.

    Args:
        features: Shape (n, inputs, h, w).
        weight: Shape (outputs, inputs, kernel, kernel).
        form: Stride, padding and dilation.

    Returns:
        Shape (n, outputs, form.size(h), form.size(w)).
    """
    outputs: Tensor = _Dense.apply(features, weight, form)  # type: ignore[no-untyped-call]
    return outputs


class _Dense(torch.autograd.Function):
    """The convolution and its gradients by features and weight."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, form: Form) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(features, weight)
        ctx.form = form
        n, _, height, width = features.shape
        result = empty_map(n, len(weight), form.size(height), form.size(width))
        _call("dense", (features, padded(weight), result), features, result, form)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            by_features = empty_map(*features.shape)
            tensors = padded(weight), upstream, by_features
            _call("dense_by_features", tensors, features, upstream, ctx.form)
        if ctx.needs_input_grad[1]:
            outputs, inputs, *size = weight.shape
            wide = empty_map(whole(outputs), whole(inputs), *size)
            _call("dense_by_weight", (features, upstream, wide), features, upstream, ctx.form)
            by_weight = wide[:outputs, :inputs]
        return by_features, by_weight, None


def _call(
    name: str, tensors: tuple[Tensor, ...], features: Tensor, outputs: Tensor, form: Form
) -> None:
    """Call one of three functions that differ in the tensors they read and write."""
    n, inputs, height, width = features.shape
    _, channels, to_height, to_width = outputs.shape
    work = workspace(call("dense_workspace", form.kernel**2 * whole(inputs), channels))
    size = n, height, width, inputs, to_height, to_width, channels
    call(name, *tensors, *size, *form, work)
