"""Sums of maps, and maps side by side, in memory that is used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.maps import empty_map


def added(first: Tensor, second: Tensor) -> Tensor:
    """Add maps (n, channels, h, w) in single precision; can be differentiated once."""
    result: Tensor = _Added.apply(first, second)  # type: ignore[no-untyped-call]
    return result


def joined(maps: Sequence[Tensor]) -> Tensor:
    """Put maps (n, channels, h, w) in single precision side by side; see :func:`added`."""
    result: Tensor = _Joined.apply(*maps)  # type: ignore[no-untyped-call]
    return result


def shared(features: Tensor, readers: int) -> list[Tensor]:
    """Give a map (n, channels, h, w) in single precision to so many readers; see :func:`added`.

    Their gradients are summed here, where torch would take fresh memory for each two.
    """
    if readers < 2:
        return [features] * readers
    aliases = _Shared.apply(features, readers)  # type: ignore[no-untyped-call]
    for alias in aliases:
        vars(alias).update(vars(features))  # what is known of it: see maps.py
    return list(aliases)


class _Shared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, readers: int) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        return tuple(features.view_as(features) for _ in range(readers))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, None]:
        found = [one for one in gradients if one is not None]
        if len(found) < 2:
            return (found[0] if found else None), None
        total = torch.add(found[0], found[1], out=empty_map(*found[0].shape))
        for one in found[2:]:
            total += one
        return total, None


class _Added(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        return torch.add(first, second, out=empty_map(*first.shape))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        return gradients[0], gradients[0]


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
