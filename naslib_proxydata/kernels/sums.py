"""Sums of maps, and maps side by side, in memory that is used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call
from naslib_proxydata.kernels.maps import empty_map


def added(first: Tensor, second: Tensor) -> Tensor:
    """Add maps (n, channels, h, w) in single precision; can be differentiated once."""
    result: Tensor = _Added.apply(first, second)  # type: ignore[no-untyped-call]
    return result


def added_rectified(first: Tensor, second: Tensor) -> Tensor:
    """Return the positive part of a sum as :func:`added` makes it, which alone is kept."""
    result: Tensor = _AddedRectified.apply(first, second)  # type: ignore[no-untyped-call]
    return result


def joined(maps: Sequence[Tensor]) -> Tensor:
    """Put maps (n, channels, h, w) in single precision side by side; see :func:`added`."""
    result: Tensor = _Joined.apply(*maps)  # type: ignore[no-untyped-call]
    return result


class _Added(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        return torch.add(first, second, out=empty_map(*first.shape))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        return gradients[0], gradients[0]


class _AddedRectified(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        terms = [one.contiguous(memory_format=torch.channels_last) for one in (first, second)]
        result = empty_map(*first.shape)
        call("add_rectified", *terms, result, result.numel())
        ctx.save_for_backward(result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (result,) = ctx.saved_tensors
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        gradient = empty_map(*result.shape)
        call("add_rectified_gradient", upstream, result, gradient, result.numel())
        return gradient, gradient


class _Joined(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *maps: Tensor) -> Tensor:
        n, _, height, width = maps[0].shape
        ctx.widths = [one.shape[1] for one in maps]
        return torch.cat(maps, dim=1, out=empty_map(n, sum(ctx.widths), height, width))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        parts = torch.split(gradients[0], ctx.widths, dim=1)
        return tuple(empty_map(*one.shape).copy_(one) for one in parts)
