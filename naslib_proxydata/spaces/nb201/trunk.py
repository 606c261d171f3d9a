"""The NAS-Bench-201 trunk arranged for fast training; it computes what the plain one does.

Same layers, same weights in the same order and the same outputs and gradients up to rounding
as ``nb201_network.NasBench201Trunk``, but

* operations that read the same node share its ReLU and its pooled map;
* 3x3 average pooling is a depthwise convolution, forwards and backwards;
* sums are accumulated in place where no one else reads the tensor;
* normalisation keeps no running statistics, which training on one batch never reads;
* after ``kernels.convolution.accelerate`` whole cells run in compiled code, where there is some.

Meant for tensors in ``torch.channels_last`` memory format, in which the convolutions of the
narrow stages are several times faster on a CPU.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.kernels import cell as compiled
from naslib_proxydata.kernels.convolution import Compilable, whole_cells
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, POOL, SKIP, Cell
from naslib_proxydata.spaces.nb201.network import NasBench201Trunk

_KERNELS = {CONV_1X1: 1, CONV_3X3: 3}
_KINDS = {POOL: compiled.POOL, SKIP: compiled.SKIP, **_KERNELS}


class FastTrunk(NasBench201Trunk):
    """The trunk with :class:`FastCell` for every cell; each edge must lead somewhere."""

    def make_cell(self, cell: Cell, channels: int, affine: bool) -> nn.Module:
        """Build one cell of a stage."""
        return FastCell(cell, channels, affine)


class FastCell(Compilable):
    """One cell: node j is the sum over its incoming edges of operation(node i)."""

    def __init__(self, cell: Cell, channels: int, affine: bool) -> None:
        super().__init__()
        self.incoming = [
            [(source, op) for source, end, op in cell.edges() if end == node]
            for node in range(cell.nodes)
        ]
        self.edges = [(source, end, _KINDS[op]) for source, end, op in cell.edges()]
        self.convolutions = nn.ModuleDict(
            {
                f"{source}-{end}": ConvNorm(channels, _KERNELS[op], affine)
                for source, end, op in cell.edges()
                if op in _KERNELS
            }
        )
        self.affine = affine

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        if self.compiled and self.edges and not self.affine and whole_cells(features):
            layers: list[Any] = list(self.convolutions.values())
            return compiled.cell(features, self.edges, [layer.conv.weight for layer in layers])
        nodes: list[Tensor] = [features]
        rectified: dict[int, Tensor] = {}
        pooled: dict[int, Tensor] = {}
        for end in range(1, len(self.incoming)):
            fresh, shared = [], []
            for source, operation in self.incoming[end]:
                if operation in _KERNELS:
                    if source not in rectified:
                        rectified[source] = F.relu(nodes[source])
                    fresh.append(self.convolutions[f"{source}-{end}"](rectified[source]))
                elif operation == POOL:
                    if source not in pooled:
                        pooled[source] = average_pool(nodes[source])
                    shared.append(pooled[source])
                else:
                    shared.append(nodes[source])
            nodes.append(_sum(fresh, shared) if fresh or shared else torch.zeros_like(features))
        return nodes[-1]


class ConvNorm(nn.Module):
    """Convolution without bias, then normalisation by the batch's own statistics."""

    def __init__(self, channels: int, kernel: int, affine: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels, affine=affine, track_running_stats=False)

    def forward(self, rectified: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        normalised: Tensor = self.norm(self.conv(rectified))
        return normalised


def _sum(fresh: list[Tensor], shared: list[Tensor]) -> Tensor:
    """Add tensors up, overwriting only one that nobody else reads.

    The output of a normalisation is such a one: neither another edge nor its own gradient
    needs it again.
    """
    terms = fresh + shared
    if len(terms) == 1:
        return terms[0]
    total = fresh[0].add_(terms[1]) if fresh else terms[0] + terms[1]
    for term in terms[2:]:
        total.add_(term)
    return total


def average_pool(features: Tensor) -> Tensor:
    """Average over each 3x3 window, of what lies inside the map; stride 1."""
    pooled: Tensor = _AveragePool.apply(features)  # type: ignore[no-untyped-call]
    return pooled


class _AveragePool(torch.autograd.Function):
    """The window sum S is symmetric: with counts D, forwards is D^-1 S, backwards S D^-1."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.inverse_counts = _inverse_counts(features.shape[1:], features.dtype, features.device)
        return _window_sum(features).mul_(ctx.inverse_counts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _window_sum(gradients[0] * ctx.inverse_counts)


def _window_sum(features: Tensor) -> Tensor:
    channels = features.shape[1]
    ones = features.new_ones(channels, 1, 3, 3)
    return F.conv2d(features, ones, padding=1, groups=channels)


@cache
def _inverse_counts(shape: torch.Size, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return one over the number of pixels in each window, shape (1, channels, h, w)."""
    ones = torch.ones((1, *shape), dtype=dtype, device=device)
    return _window_sum(ones.to(memory_format=torch.channels_last)).reciprocal_()
