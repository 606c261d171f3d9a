"""The supernet of the DARTS space: a normal and a reduction cell (arXiv 1806.09055)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import BatchNorm, ChosenEdge, Supernet, keep_layout
from naslib_proxydata.oneshot.supernets.edge import MixedEdge, without_affine
from naslib_proxydata.spaces.common.networks import FactorizedReduction, conv
from naslib_proxydata.spaces.genotypes.genotype import NONE, CellGenotype, Genotype, genotype_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPERATIONS = (
    NONE,
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
NODES = (2, 3, 4, 5)
"""The nodes that are computed; 0 and 1 are the outputs of the two cells before."""

EDGES = tuple((source, node) for node in NODES for source in range(node))
STEM_MULTIPLIER = 3
DARTS_CHOICES = {kind: Choices(EDGES, (OPERATIONS,) * len(EDGES)) for kind in ("normal", "reduce")}


class MixedCell(nn.Module):
    """One cell: every node is the sum of mixed edges from all nodes before it.

    Args:
        choices: The candidates of each edge.
        inputs: Channels of the output of the cell before the last, and of the last.
        channels: Channels of every node.
        stride: 2 for a reduction cell.
        halved: Whether the last cell halved the image.
        partial: The K of partial channels.
        auxiliary: Whether edges have a skip connection beside their candidates.
    """

    def __init__(
        self,
        choices: Choices,
        inputs: tuple[int, int],
        channels: int,
        stride: int,
        halved: bool,
        partial: int,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        self.choices = choices
        first = FactorizedReduction(inputs[0], channels, 2) if halved else None
        self.preprocess = without_affine(
            nn.ModuleList(
                [first or _pointwise(inputs[0], channels), _pointwise(inputs[1], channels)]
            )
        )
        self.edges = nn.ModuleList(
            MixedEdge(row, names, channels, stride if source < 2 else 1, partial, auxiliary)
            for row, ((source, _), names) in enumerate(
                zip(choices.edges, choices.operations, strict=True)
            )
        )

    def forward(self, before_last: Tensor, last: Tensor, mixture: Mixture) -> Tensor:
        """Map the outputs of the two cells before to (n, 4 channels, h/stride, w/stride)."""
        preprocess = cast(nn.ModuleList, self.preprocess)
        states = [preprocess[0](before_last), preprocess[1](last)]
        for node in NODES:
            rows = self.choices.into(node)
            terms = [self.edges[row](states[EDGES[row][0]], mixture) for row in rows]
            states.append(sum(terms[1:], terms[0]))
        return torch.cat([states[node] for node in NODES], 1)


class DartsSupernet(Supernet):
    """Stem, a stack of mixed cells with two reductions, global mean and classifier.

    Args:
        channels: Channels of the first cells' nodes (16 in the paper).
        cells: Number of cells (8 in the paper); those at L//3 and 2L//3 are reductions.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: The K of partial channels; 1 for all channels.
        choices: The candidates of the normal and the reduction cell.
        auxiliary: Whether edges have a skip connection beside their candidates (DARTS-).
    """

    inputs_per_node = 2

    def __init__(
        self,
        channels: int = 16,
        cells: int = 8,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
        choices: Mapping[str, Choices] = DARTS_CHOICES,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        self.choices = dict(choices)
        width = STEM_MULTIPLIER * channels
        self.stem = nn.Sequential(conv(in_channels, width, 3), nn.BatchNorm2d(width))
        before_last, last, halved = width, width, False
        made = []
        self.kinds = []
        for place in range(cells):
            reduces = place in (cells // 3, 2 * cells // 3)
            channels = 2 * channels if reduces else channels
            self.kinds.append("reduce" if reduces else "normal")
            made.append(
                MixedCell(
                    self.choices[self.kinds[-1]],
                    (before_last, last),
                    channels,
                    2 if reduces else 1,
                    halved,
                    partial,
                    auxiliary,
                )
            )
            before_last, last, halved = last, len(NODES) * channels, reduces
        self.cells = nn.ModuleList(made)
        self.classifier = nn.Linear(last, num_classes)

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map images (n, in_channels, h, w) to logits (n, num_classes)."""
        last: Tensor = self.stem(images)
        before_last = last
        for kind, cell in zip(self.kinds, self.cells, strict=True):
            before_last, last = last, cell(before_last, last, mixtures[kind])
        logits: Tensor = self.classifier(keep_layout(last).mean((2, 3)))
        return logits

    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        """Return the two edges of every node; see :func:`derive_cell`."""
        return {
            kind: [
                ChosenEdge(source, 2 + place // 2, name)
                for place, (name, source) in enumerate(cell.edges)
            ]
            for kind, cell in self._cells(strengths).items()
        }

    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        """Return the text of the genotype; see :func:`derive_cell`."""
        return genotype_text(Genotype(**self._cells(strengths)))

    def _cells(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, CellGenotype]:
        return {kind: derive_cell(one, strengths[kind]) for kind, one in self.choices.items()}


def derive_cell(choices: Choices, strengths: NDArray[np.float64]) -> CellGenotype:
    """Keep the two strongest edges into every node, each with its strongest operation.

    ``none`` is never chosen and does not count for the strength of an edge; equal strengths go
    in the order of the edges (arXiv 1806.09055, section 2.4).
    """
    kept = strengths.copy()
    for row, names in enumerate(choices.operations):
        if NONE in names:
            kept[row, names.index(NONE)] = -np.inf
    edges = []
    for node in NODES:
        strongest_first = sorted(choices.into(node), key=lambda row: -kept[row].max())
        for row in strongest_first[: DartsSupernet.inputs_per_node]:
            edges.append((choices.operations[row][kept[row].argmax()], choices.edges[row][0]))
    return CellGenotype(tuple(edges), NODES)


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), conv(inputs, outputs, 1), BatchNorm())
