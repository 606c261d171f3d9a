"""3x3 convolutions by Winograd's minimal filtering, in compiled code.

The result is the convolution's to rounding in single precision (``winograd.c`` says how).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, padded, whole, workspace
from naslib_proxydata.kernels.maps import empty_map

TILE = 4
"""Height and width are multiples of it."""
FEW_TILES = 96
"""Tiles of all maps together up to which filters are made a panel at a time."""
Filters = tuple[Tensor, Tensor]
"""A weight as the convolution uses it, and as its gradient by the features does."""


def winograd(
    features: Tensor,
    weight: Tensor,
    filters: Filters | None = None,
    rectify: bool = False,
    moments: Tensor | None = None,
) -> Tensor:
    """Convolve with stride 1 and one zero around; can be differentiated once.

    Args:
        features: Shape (n, inputs, h, w), height and width multiples of :data:`TILE`.
        weight: Shape (outputs, inputs, 3, 3).
        filters: What :func:`filters_of` made of it, where it never changes.
        rectify: Whether the positive part of the features is convolved.
        moments: Room for mean and scale of the outputs (2, outputs), as a normalisation takes them.

    Returns:
        Shape (n, outputs, h, w).
    """
    arguments = features, weight, filters, rectify, moments
    outputs: Tensor = _Winograd.apply(*arguments)  # type: ignore[no-untyped-call]
    return outputs


def has_whole_tiles(shape: torch.Size) -> bool:
    """Return whether maps (n, channels, h, w) divide into tiles."""
    return shape[2] % TILE == shape[3] % TILE == 0


def filters_of(weight: Tensor) -> Filters:
    """Transform a weight once and for all."""
    first, second = (
        _filters(kind, weight, weight.new_empty(_filters_size(weight)))
        for kind in ("filters", "turned_filters")
    )
    return first, second


class _Winograd(torch.autograd.Function):
    """The convolution and its gradients by features and weight."""

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        filters: Filters | None,
        rectify: bool,
        moments: Tensor | None,
    ) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(features, weight)
        ctx.filters, ctx.rectify = filters, rectify
        kept = filters and filters[0]
        return convolve(features, weight, filters=kept, rectify=rectify, moments=moments)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            kept = ctx.filters and ctx.filters[1]
            mask = features if ctx.rectify else None
            by_features = convolve(upstream, weight, turned=True, filters=kept, mask=mask)
        if ctx.needs_input_grad[1]:
            by_weight = gradient_by_weight(features, upstream, ctx.rectify)
        return by_features, by_weight, None, None, None


def _filters_size(weight: Tensor) -> int:
    return call("filters_size", *map(whole, weight.shape[:2]))


def _filters(kind: str, weight: Tensor, filters: Tensor) -> Tensor:
    """Write the 36 points of a weight's taps, for its outputs or (turned) for its gradients."""
    weight = padded(weight)
    outputs, inputs = weight.shape[:2]
    call(kind, weight, inputs, outputs, filters)
    return filters


def convolve(
    features: Tensor,
    weight: Tensor,
    *,
    turned: bool = False,
    filters: Tensor | None = None,
    rectify: bool = False,
    mask: Tensor | None = None,
    moments: Tensor | None = None,
) -> Tensor:
    """Convolve features with channels last, without a way back.

    Args:
        features: Shape (n, inputs, h, w); the outputs' gradient, if turned.
        weight: Shape (outputs, inputs, 3, 3).
        turned: Whether the gradient is taken to that of the weight's inputs.
        filters: Those of the weight, where they were made before.
        rectify: Whether the positive part of the features is convolved.
        mask: Where the result may be other than zero: where this is above zero.
        moments: As for :func:`winograd`.
    """
    n, inputs, height, width = features.shape
    outputs = weight.shape[1 if turned else 0]
    result = empty_map(n, outputs, height, width)
    shape = (n, height, width, inputs, outputs)
    given = [0 if one is None else one for one in (mask, moments)]
    tiles = n * height * width // TILE**2
    if filters is None and tiles <= FEW_TILES:
        work = workspace(call("few_tiles_workspace", tiles, inputs))
        ways = int(turned), int(rectify), *given
        call("convolve_few_tiles", features, padded(weight), result, *shape, *ways, work)
        return result
    wide = whole(inputs), whole(outputs)
    size = 0 if filters is not None else _filters_size(weight)
    work = workspace(size + call("workspace", tiles, *wide))
    if filters is None:  # fresh memory for them would cost too much
        filters = _filters("turned_filters" if turned else "filters", weight, work)
    ways = int(rectify), given[0], 0, given[1]  # nothing to add to
    call("convolve", features, filters, result, *shape, *ways, work[size:])
    return result


def gradient_by_weight(features: Tensor, upstream: Tensor, rectify: bool = False) -> Tensor:
    """Return the gradient of a weight from features and the outputs' gradient, channels last."""
    n, inputs, height, width = features.shape
    outputs = upstream.shape[1]
    result = empty_map(whole(outputs), whole(inputs), 3, 3)
    tiles = n * height * width // TILE**2
    work = workspace(call("weight_workspace", tiles, whole(inputs), whole(outputs)))
    size = n, height, width, inputs, outputs, int(rectify)
    call("weight_gradient", features, upstream, result, *size, work)
    return result[:outputs, :inputs]
