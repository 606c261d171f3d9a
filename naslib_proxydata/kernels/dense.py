"""Convolutions of any kernel, stride and dilation as products of matrices, in compiled code."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, lanes, padded, whole, workspace
from naslib_proxydata.kernels.form import Form
from naslib_proxydata.kernels.maps import Recipe, empty_map, keep, kept

SMALL = 4
"""Places of outputs up to which they are worked out one after the other, for all images."""


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


def outputs_of(
    features: Tensor,
    weight: Tensor,
    form: Form,
    rectify: bool = False,
    moments: Tensor | None = None,
) -> Tensor:
    """Return what :func:`dense` does, for features with channels last, without a way back."""
    result = empty_map(len(features), len(weight), *form.sizes(features.shape))
    settings = *form.read(), int(rectify), 0 if moments is None else moments
    _call("dense", (features, padded(weight), result), features, result, settings)
    return result


def gradient_by_features(
    upstream: Tensor,
    weight: Tensor,
    form: Form,
    shape: torch.Size,
    rectified: Tensor | None = None,
) -> Tensor:
    """Return the gradient of features of a shape from that of the outputs, channels last.

    Args:
        upstream: Gradient of the outputs.
        weight: As for :func:`dense`.
        form: As for :func:`dense`.
        shape: Of the features.
        rectified: The features, where their positive part was convolved.
    """
    result = empty_map(*shape)
    tensors = result if rectified is None else rectified, padded(weight), upstream, result
    settings = *form.read(), int(rectified is not None)
    _call("dense_by_features", tensors, result, upstream, settings)
    return result


def gradient_by_weight(
    features: Tensor, upstream: Tensor, form: Form, shape: torch.Size, rectify: bool = False
) -> Tensor:
    """Return the gradient of a weight of a shape from features and the outputs' gradient."""
    outputs, inputs, *size = shape
    wide = empty_map(whole(outputs), whole(inputs), *size)
    settings = *form.read(), int(rectify)
    _call("dense_by_weight", (features, upstream, wide), features, upstream, settings)
    return wide[:outputs, :inputs]


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
        ctx.form, ctx.rectify = form, rectify
        return outputs_of(features, weight, form, rectify, moments)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = kept(ctx)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            rectified = features if ctx.rectify else None
            by_features = gradient_by_features(
                upstream, weight, ctx.form, features.shape, rectified
            )
        if ctx.needs_input_grad[1]:
            by_weight = gradient_by_weight(features, upstream, ctx.form, weight.shape, ctx.rectify)
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
    size = n, height, width, inputs, to_height, to_width, channels
    if _is_small(size):
        name = name.replace("dense", "dense_places")
        pixels = n, height * width, inputs, to_height * to_width, channels
        work = workspace(call("places_workspace", *pixels))
    else:
        work = workspace(call("dense_workspace", settings[0] ** 2 * whole(inputs), channels))
    call(name, *tensors, *size, *settings, work)


def _is_small(size: tuple[int, ...]) -> bool:
    """Return whether maps (n, height, width, inputs, and those of outputs) go place by place."""
    n, height, width, inputs, to_height, to_width, outputs = size
    whole_channels = inputs == whole(inputs) and outputs == whole(outputs)
    return (
        whole_channels
        and to_height * to_width <= SMALL
        and height * width <= 4 * SMALL
        and 2 * n > lanes()
    )
