"""The trunk that Eproxy trains, for many NAS-Bench-201 cells at once; see ``common.stacked``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.spaces.common.stacked import AveragePool, Builder, Term
from naslib_proxydata.spaces.common.stacked import Cell as StackedCell
from naslib_proxydata.spaces.common.trunk import Trunk
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, POOL, SKIP, Cell

_KERNELS = {CONV_1X1: 1, CONV_3X3: 3}


class StackedTrunk(Trunk):
    """Stem and three stages of G cells; taps are the outputs of stages 3, 2 and 1.

    The layers are made in the order of ``NasBench201Trunk``'s, which is the one of their weights.

    Args:
        cells: The cells without dead edges.
        channels: Number of channels of the first stage, doubled in each further one.
        cells_per_stage: Number of cells of a stage.
        in_channels: Number of channels of the images.
        builder: Makes the layers.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        channels: int,
        cells_per_stage: int,
        in_channels: int,
        builder: Builder,
    ) -> None:
        super().__init__()
        widths = (channels, 2 * channels, 4 * channels)
        self.channels = widths[::-1]
        self.stem = nn.Sequential(
            builder.everywhere(in_channels, channels, 3), builder.norm(channels)
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*(stacked_cell(cells, width, builder) for _ in range(cells_per_stage)))
            for width in widths
        )
        self.reductions = nn.ModuleList(Reduction(width, builder) for width in widths[:-1])

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (G, in_channels, n, h, w) to stage outputs at 1/4, 1/2 and full size."""
        taps = [self.stages[0](self.stem(images))]
        for reduction, stage in zip(self.reductions, self.stages[1:], strict=True):
            taps.append(stage(reduction(taps[-1])))
        return taps[::-1]


def stacked_cell(cells: Sequence[Cell], channels: int, builder: Builder) -> StackedCell:
    """Make one cell of a stage; its normalisations have no scale and shift."""
    edges = cells[0].every_edge
    table = np.array([cell.operations for cell in cells])  # architectures x edges
    starts = {}
    for place, edge in enumerate(edges):
        for operation, kernel in _KERNELS.items():  # an architecture has one of them at most
            who = np.flatnonzero(table[:, place] == operation)
            starts[edge, operation] = builder.reserve(who, (kernel * channels) ** 2)
    terms = []
    for target in range(1, cells[0].nodes):
        for operation in (SKIP, POOL, CONV_1X1, CONV_3X3):
            sources = [
                (edge[0], np.flatnonzero(table[:, place] == operation))
                for place, edge in enumerate(edges)
                if edge[1] == target
            ]
            sources = [(source, who) for source, who in sources if len(who)]
            if not sources:
                continue
            module: nn.Module | None = AveragePool() if operation == POOL else None
            if operation in _KERNELS:
                drawn = np.concatenate(
                    [starts[(source, target), operation] for source, _ in sources]
                )
                module = nn.Sequential(
                    nn.ReLU(),
                    builder.convolution(drawn, channels, channels, _KERNELS[operation]),
                    builder.norm(channels, len(drawn), affine=False),
                )
            terms.append(Term(target, sources, module, builder.index, len(cells)))
    return StackedCell(cells[0].nodes, terms, channels)


class Reduction(nn.Module):
    """The residual block between stages: halves height and width, doubles the channels."""

    def __init__(self, channels: int, builder: Builder) -> None:
        super().__init__()
        self.conv_a = builder.relu_conv_norm(channels, 2 * channels, 3, 2)
        self.conv_b = builder.relu_conv_norm(2 * channels, 2 * channels, 3)
        self.shortcut = builder.everywhere(channels, 2 * channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (G, c, n, h, w) to (G, 2c, n, h/2, w/2)."""
        residual: Tensor = self.conv_b(self.conv_a(maps))
        pooled = F.avg_pool2d(maps.flatten(0, 1), 2)
        shortcut: Tensor = self.shortcut(pooled.view(*maps.shape[:3], *pooled.shape[2:]))
        return shortcut + residual
