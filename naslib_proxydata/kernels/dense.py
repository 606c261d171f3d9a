"""Convolutions of any kernel, stride and dilation as products of matrices, in compiled code."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, padded, whole, workspace
from naslib_proxydata.kernels.form import Form
from naslib_proxydata.kernels.maps import Recipe, empty_map, keep, kept


def dense(
    features: Tensor,
    weight: Tensor,
    form: Form,
    rectify: bool = False,
    recipe: Recipe | None = None,
    moments: Tensor | None = None,
) -> Tensor:
    """Convolve; can be differentiated once.

    Args:
        features: Shape (n, inputs, h, w).
        weight: Shape (outputs, inputs, kernel, kernel).
        form: Stride, padding and dilation.
        rectify: Whether the positive part of the features is convolved.
        recipe: Makes the features again on the way back, for them not to be kept.
        moments: Room for mean and scale of the outputs (2, outputs), as a normalisation takes them.

    Returns:
        Shape (n, outputs, form.size(h), form.size(w)).
    """
    arguments = features, weight, form, rectify, recipe, moments
    outputs: Tensor = _Dense.apply(*arguments)  # type: ignore[no-untyped-call]
    return outputs


class _Dense(torch.autograd.Function):
    """The convolution and its gradients by features and weight."""

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        form: Form,
        rectify: bool,
        recipe: Recipe | None,
        moments: Tensor | None,
    ) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        keep(ctx, features, weight, recipe)
        ctx.settings = settings = (*form.read(), int(rectify))
        result = empty_map(len(features), len(weight), *form.sizes(features.shape))
        wanted = (*settings, 0 if moments is None else moments)
        _call("dense", (features, padded(weight), result), features, result, wanted)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = kept(ctx)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            by_features = empty_map(*features.shape)
            tensors = features, padded(weight), upstream, by_features
            _call("dense_by_features", tensors, features, upstream, ctx.settings)
        if ctx.needs_input_grad[1]:
            outputs, inputs, *size = weight.shape
            wide = empty_map(whole(outputs), whole(inputs), *size)
            _call("dense_by_weight", (features, upstream, wide), features, upstream, ctx.settings)
            by_weight = wide[:outputs, :inputs]
        return by_features, by_weight, None, None, None, None


def _call(
    name: str,
    tensors: tuple[Tensor, ...],
    features: Tensor,
    outputs: Tensor,
    settings: tuple[Any, ...],
) -> None:
    """Call one of three functions that differ in the tensors they read and write.

    Settings are kernel, stride, padding, dilation, whether to take the positive part, and for the
    outputs room for their moments.
    """
    n, inputs, height, width = features.shape
    _, channels, to_height, to_width = outputs.shape
    work = workspace(call("dense_workspace", settings[0] ** 2 * whole(inputs), channels))
    size = n, height, width, inputs, to_height, to_width, channels
    call(name, *tensors, *size, *settings, work)
