"""A cell whose nodes are sums of operations, forwards and backwards in compiled code.

Memory is read and written once an operation, by one call: ReLUs, normalisations and sums need no
passes of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, workspace
from naslib_proxydata.kernels.maps import empty_map

SKIP, POOL = 0, -1
"""Kinds of edges; the others are kernel sizes, 1 or 3: ReLU, convolution, normalisation."""
Edge = tuple[int, int, int]
"""(source, end, kind)."""


def cell(features: Tensor, edges: Sequence[Edge], weights: Sequence[Tensor]) -> Tensor:
    """Compute the last node; node 0 is ``features``, the others sum their incoming edges.

    Args:
        features: Shape (n, channels, h, w), such that ``convolution.possible`` and channels are
            a multiple of ``lanes()``.
        edges: Sorted by end, at least one. Each starts at node 0 or where another ends, and
            leads to the last node.
        weights: Of the edges that are convolutions, in their order. Normalisations have neither
            scale nor shift, and take the batch's statistics.

    Returns:
        Same shape as ``features``; can be differentiated once.
    """
    result: Tensor = _Cell.apply(features, tuple(edges), *weights)  # type: ignore[no-untyped-call]
    return result


class _Cell(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, edges: tuple[Edge, ...], *weights: Tensor) -> Tensor:
        nodes = {0: features.contiguous(memory_format=torch.channels_last)}
        n, channels, height, width = features.shape
        work = _workspace(features)
        kept: list[tuple[Tensor, Tensor, Tensor]] = []
        for source, end, kind in edges:
            add = end in nodes
            if not add:
                nodes[end] = empty_map(*features.shape)
            if kind > 0:
                weight = weights[len(kept)].contiguous(memory_format=torch.channels_last)
                kept.append((weight, empty_map(*features.shape), torch.empty(2, channels)))
                size = (kind, n, height, width, channels, int(add))
                call("convolution_edge", nodes[source], *kept[-1], nodes[end], *size, work)
            else:
                _plain_edge(kind, nodes[source], nodes[end], backward=False, add=add)
        last = nodes.pop(edges[-1][1])
        ctx.edges, ctx.nodes = edges, tuple(nodes)
        ctx.save_for_backward(*nodes.values(), *(tensor for three in kept for tensor in three))
        return last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Any, ...]:
        nodes = dict(zip(ctx.nodes, ctx.saved_tensors, strict=False))
        kept = list(ctx.saved_tensors[len(nodes) :])
        last = ctx.edges[-1][1]
        gradients = {last: upstream[0].contiguous(memory_format=torch.channels_last)}
        n, channels, height, width = nodes[0].shape
        work = _workspace(nodes[0])
        by_weights: list[Tensor] = []
        for source, end, kind in reversed(ctx.edges):
            add = source in gradients
            if not add:
                gradients[source] = empty_map(*nodes[0].shape)
            if kind > 0:
                weight, convolved, moments = kept[-3:]
                del kept[-3:]
                by_weights.append(torch.empty_like(weight))
                saved = (nodes[source], weight, convolved, moments, gradients[end])
                size = (kind, n, height, width, channels, int(add))
                results = (gradients[source], by_weights[-1])
                call("convolution_edge_gradients", *saved, *results, *size, work)
            else:
                _plain_edge(kind, gradients[end], gradients[source], backward=True, add=add)
        return (gradients[0], None, *reversed(by_weights))


def _plain_edge(kind: int, source: Tensor, to: Tensor, *, backward: bool, add: bool) -> None:
    """Write or add a skip connection or average pooling, or the gradient through it."""
    if kind == POOL:
        n, channels, height, width = source.shape
        size = (n, height, width, channels, int(backward), int(add))
        call("pooling_edge", source, to, *size, workspace((width + 2) * channels))
    elif add:
        to.add_(source)
    else:
        to.copy_(source)


def _workspace(features: Tensor) -> Tensor:
    n, channels, height, width = features.shape
    return workspace(call("edge_workspace", n * height * width, channels))
