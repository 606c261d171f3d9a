"""The trunks of many TransNAS-Bench-101 micro cells as one network; see ``common.stacked``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from naslib_proxydata.spaces.common.networks import SequentialTrunk
from naslib_proxydata.spaces.common.stacked import Builder, Cell, Convolution, Norm, Term
from naslib_proxydata.spaces.transnas.network import CONV_1X1, CONV_3X3, NODES, SKIP, ZERO
from naslib_proxydata.spaces.transnas.skeleton import (
    BASE_CHANNELS,
    CELLS_PER_MODULE,
    Shape,
    cell_shapes,
)

_KERNELS = {CONV_1X1: 1, CONV_3X3: 3}


def stacked_trunk(
    cells: Sequence[tuple[int, ...]], modules: tuple[int, ...], in_channels: int, builder: Builder
) -> SequentialTrunk:
    """Make stem and modules of G cells, the layers in the order of ``TransNasTrunk``'s.

    Args:
        cells: Codes of the edges of each, dead ones ``ZERO``.
        modules: The skeleton's module codes.
        in_channels: Number of channels of the images.
        builder: Makes the layers.
    """
    half = BASE_CHANNELS // 2
    layers: list[nn.Module] = [
        nn.Sequential(
            builder.everywhere(in_channels, half, 3, stride=2),
            builder.norm(half),
            builder.relu_conv_norm(half, BASE_CHANNELS, 3, stride=2),
        )
    ]
    shapes = list(cell_shapes(modules))
    layers += [_cell(np.array(cells), shape, builder) for shape in shapes]
    taps = [len(layers) - 1 - CELLS_PER_MODULE * back for back in (2, 1, 0)]
    return SequentialTrunk(layers, taps, [shapes[tap - 1][1] for tap in taps])


def _cell(table: np.ndarray, shape: Shape, builder: Builder) -> Cell:
    """Make a cell of the operations of each architecture on each edge (architectures x edges)."""
    inputs, outputs, stride = shape
    alike = inputs == outputs and stride == 1
    edges = [(source, target) for target in range(NODES) for source in range(target)]
    members, starts = {}, {}
    for place, (source, target) in enumerate(edges):
        width = inputs if source == 0 else outputs
        changes = source == 0 and not alike
        for operation in (SKIP, CONV_1X1, CONV_3X3):
            who = np.flatnonzero(table[:, place] == operation)
            if len(who):
                kernel = _KERNELS.get(operation, 1 if changes else 0)
                members[target, operation, source] = who
                starts[target, operation, source] = builder.reserve(
                    who, kernel * kernel * width * outputs
                )
    terms = []
    for target in range(1, NODES):
        for operation in (SKIP, CONV_1X1, CONV_3X3):
            sources = [source for source in range(target) if (target, operation, source) in members]
            for part in [sources] if alike else [sources[: 0 in sources], sources[0 in sources :]]:
                if not part:
                    continue
                drawn = np.concatenate([starts[target, operation, source] for source in part])
                between = shape if part[0] == 0 else (outputs, outputs, 1)
                terms.append(
                    Term(
                        target,
                        [(source, members[target, operation, source]) for source in part],
                        _operation(operation, between, drawn, builder),
                        builder.index,
                        len(table),
                        first=0 if alike else 1,
                    )
                )
    return Cell(NODES, terms, outputs, stride, alike)


def _operation(
    operation: int, shape: Shape, drawn: np.ndarray, builder: Builder
) -> nn.Module | None:
    """Make an operation for some rows, whose weights start there in the stream."""
    assert operation != ZERO
    inputs, outputs, stride = shape
    if operation != SKIP:
        conv = builder.convolution(drawn, inputs, outputs, _KERNELS[operation], stride)
        return nn.Sequential(nn.ReLU(), conv, builder.norm(outputs, len(drawn)))
    if inputs == outputs and stride == 1:
        return None
    half = outputs // 2
    straight = builder.convolution(drawn, inputs, half, 1, stride)
    moved = builder.convolution(drawn + inputs * half, inputs, outputs - half, 1, stride)
    return FactorizedReduction(straight, moved, builder.norm(outputs, len(drawn)))


class FactorizedReduction(nn.Module):
    """What a skip connection becomes where the shape changes; see ``common.networks``."""

    def __init__(self, straight: Convolution, moved: Convolution, norm: Norm) -> None:
        super().__init__()
        self.straight = straight
        self.moved = moved
        self.norm = norm

    def forward(self, maps: Tensor) -> Tensor:
        """Map (rows, inputs, n, h, w) to (rows, outputs, n, h/stride, w/stride)."""
        maps = maps.relu()
        moved = nn.functional.pad(maps, (0, 1, 0, 1))[..., 1:, 1:]
        joined = torch.cat([self.straight(maps), self.moved(moved)], dim=1)
        normed: Tensor = self.norm(joined)
        return normed
