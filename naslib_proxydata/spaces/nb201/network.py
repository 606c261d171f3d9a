"""The networks that NAS-Bench-201 builds around a cell (arXiv 2001.00326, section 2.1).

Stem, three stages of cells with a residual block between each two, head. Sums are made out of
place: a tensor that another edge still reads is never overwritten.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naslib_proxydata.spaces.common.trunk import Trunk
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, POOL, SKIP, Cell


class ReluConvNorm(nn.Sequential):
    """ReLU, convolution without bias, batch normalisation.

    The benchmark's own code gives the convolution a bias where the normalisation has no
    affine part; the normalisation subtracts it again, so it is left out here.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, affine: bool) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, affine=affine),
        )


def operation_module(operation: str, channels: int, affine: bool) -> nn.Module:
    """Return the module of one edge; every operation but ``none`` has one."""
    if operation == SKIP:
        return nn.Identity()
    if operation == POOL:
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    kernel = {CONV_1X1: 1, CONV_3X3: 3}[operation]
    return ReluConvNorm(channels, channels, kernel, 1, affine)


class CellNetwork(nn.Module):
    """One cell: node j is the sum over its incoming edges of operation(node i).

    A node without incoming edges is zero, and only the operations of the cell are built.

    Args:
        cell: The cell.
        channels: Number of channels of its input and output.
        affine: Whether the batch normalisations have a scale and a shift.
    """

    def __init__(self, cell: Cell, channels: int, affine: bool = True) -> None:
        super().__init__()
        self.nodes = cell.nodes
        self.edges = tuple((source, target) for source, target, _ in cell.edges())
        self.operations = nn.ModuleList(
            operation_module(operation, channels, affine) for _, _, operation in cell.edges()
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        nodes: list[Tensor | None] = [features] + [None] * (self.nodes - 1)
        for (source, target), operation in zip(self.edges, self.operations, strict=True):
            value = nodes[source]
            if value is None:
                value = torch.zeros_like(features)
            term = operation(value)
            so_far = nodes[target]
            nodes[target] = term if so_far is None else so_far + term
        output: Tensor | None = nodes[-1]
        return torch.zeros_like(features) if output is None else output


class Reduction(nn.Module):
    """The residual block between stages: halves height and width, doubles the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_a = ReluConvNorm(channels, 2 * channels, 3, 2, affine=True)
        self.conv_b = ReluConvNorm(2 * channels, 2 * channels, 3, 1, affine=True)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, c, h, w) to (n, 2c, h/2, w/2)."""
        residual: Tensor = self.conv_b(self.conv_a(features))
        shortcut: Tensor = self.shortcut(features)
        return shortcut + residual


def stem(in_channels: int, channels: int) -> nn.Sequential:
    """Return the 3x3 convolution and normalisation that the network begins with."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
    )


class NasBench201Trunk(Trunk):
    """Stem and three stages; taps are the outputs of stages 3, 2 and 1.

    Args:
        cell: The cell of all stages.
        channels: Number of channels of the first stage, doubled in each further one.
        cells_per_stage: Number of cells of a stage.
        in_channels: Number of channels of the images.
        affine: Whether the normalisations inside the cells have a scale and a shift.
    """

    def __init__(
        self, cell: Cell, channels: int, cells_per_stage: int, in_channels: int, affine: bool
    ) -> None:
        super().__init__()
        widths = (channels, 2 * channels, 4 * channels)
        self.channels = widths[::-1]
        self.stem = stem(in_channels, channels)
        self.stages = nn.ModuleList(
            nn.Sequential(*(self.make_cell(cell, width, affine) for _ in range(cells_per_stage)))
            for width in widths
        )
        self.reductions = nn.ModuleList(Reduction(width) for width in widths[:-1])

    def make_cell(self, cell: Cell, channels: int, affine: bool) -> nn.Module:
        """Build one cell of a stage."""
        return CellNetwork(cell, channels, affine)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (n, in_channels, h, w) to stage outputs at 1/4, 1/2 and full size."""
        taps = [self.stages[0](self.stem(images))]
        for reduction, stage in zip(self.reductions, self.stages[1:], strict=True):
            taps.append(stage(reduction(taps[-1])))
        return taps[::-1]


class NasBench201Network(nn.Module):
    """The published network: trunk, then normalisation, ReLU, global mean and classifier."""

    def __init__(
        self,
        cell: Cell,
        channels: int,
        cells_per_stage: int,
        num_classes: int,
        in_channels: int,
        affine: bool = True,
    ) -> None:
        super().__init__()
        self.trunk = NasBench201Trunk(cell, channels, cells_per_stage, in_channels, affine)
        width = self.trunk.channels[0]
        self.head = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(width, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to logits (n, num_classes)."""
        logits: Tensor = self.head(self.trunk(images)[0])
        return logits
