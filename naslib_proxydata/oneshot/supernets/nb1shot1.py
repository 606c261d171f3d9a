"""The supernets of NAS-Bench-1Shot1: NAS-Bench-101 cells with shared weights (arXiv 2001.10422).

Three spaces differ in how many parents a node keeps. A node's operation, a node's parents and
the parents of the output are choices of their own; node 0 is the cell's input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import BatchNorm, ChosenEdge, Supernet, keep_layout
from naslib_proxydata.oneshot.supernets.edge import without_affine
from naslib_proxydata.spaces.common.networks import conv, conv_norm_relu
from naslib_proxydata.spaces.nb1shot1.space import PARENTS
from naslib_proxydata.spaces.nb101.cell import (
    KERNELS,
    OPERATIONS,
    Nb101Cell,
    cell_text,
    validate,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

STACKS = 3
NODE_OPERATIONS = "operations"


def parents_of(node: int) -> str:
    """Return the kind of choice that says which parents a node has."""
    return f"parents-{node}"


def choices_of(space: int) -> dict[str, Choices]:
    """Return the choices of a space; a node that keeps all its parents has none about them."""
    counts = PARENTS[space]
    inner = range(1, len(counts))
    made = {
        NODE_OPERATIONS: Choices(tuple((node, node) for node in inner), (OPERATIONS,) * len(inner))
    }
    for node, count in enumerate(counts, start=1):
        if count < node:
            made[parents_of(node)] = Choices(
                ((0, node),), (tuple(f"from {source}" for source in range(node)),)
            )
    return made


class MixedNodeCell(nn.Module):
    """A cell of choice blocks: weighted parents are added, then three operations are mixed.

    Args:
        nodes: Number of inner nodes.
        inputs: Channels of the cell's input.
        channels: Channels of every node.
    """

    def __init__(self, nodes: int, inputs: int, channels: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(conv_norm_relu(inputs, channels, 1) for _ in range(nodes))
        self.shortcut = conv_norm_relu(inputs, nodes * channels, 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList(_operation(kernel, channels) for kernel in KERNELS) for _ in range(nodes)
        )
        without_affine(self)

    def forward(self, features: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map (n, inputs, h, w) to (n, nodes channels, h, w).

        The output is the concatenation of the nodes plus the projected input, as in
        NAS-Bench-101 and in the space's own program.
        """
        operations = mixtures[NODE_OPERATIONS]
        values: list[Tensor] = []
        for row, block in enumerate(self.blocks):
            parents = [self.projections[row](features), *values]
            terms = weighted(parents, mixtures.get(parents_of(row + 1)))
            total = sum(terms[1:], terms[0])
            results = [
                operations.weights[row, column] * block[column](total)  # type: ignore[index]
                for column in range(len(OPERATIONS))
                if operations.runs(row, column)
            ]
            if operations.idle is not None:
                results.append(operations.idle[row])
            values.append(sum(results[1:], results[0]))
        parents = [self.shortcut(features), *values]
        shortcut, *nodes = weighted(parents, mixtures.get(parents_of(len(parents))))
        return torch.cat(nodes, 1) + shortcut


def weighted(parents: list[Tensor], mixture: Mixture | None) -> list[Tensor]:
    """Return the parents times their weights, zeros for those that are not active."""
    if mixture is None:
        return parents
    idle = mixture.idle
    return [
        mixture.weights[0, source] * value
        if mixture.runs(0, source)
        else value * 0 + (0 if idle is None else mixture.weights[0, source])
        for source, value in enumerate(parents)
    ]


def _operation(kernel: int, channels: int) -> nn.Module:
    if kernel:
        return conv_norm_relu(channels, channels, kernel)
    return nn.MaxPool2d(3, stride=1, padding=1)


class NasBench1Shot1Supernet(Supernet):
    """Stem, three stacks of mixed cells with max pooling between, 1x1 convolution, classifier.

    Args:
        space: 1, 2 or 3.
        channels: Channels of the first stack's nodes, doubled in each further one.
        cells: Cells of each stack.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: Must be 1: the space has no edges that partial channels could bypass.

    Raises:
        SearchError: ``partial`` is not 1.
    """

    edgewise = False
    cells_by_stage = True

    def __init__(
        self,
        space: int,
        channels: int = 16,
        cells: int = 3,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
    ) -> None:
        super().__init__()
        if partial != 1:
            raise SearchError("NAS-Bench-1Shot1 has no partial channels; use another strategy")
        self.space = space
        self.choices = choices_of(space)
        nodes = len(PARENTS[space]) - 1
        self.stem = conv_norm_relu(in_channels, channels, 3)
        width, stacks = channels, []
        for stack in range(STACKS):
            channels = channels * 2 if stack else channels
            made = []
            for _ in range(cells):
                made.append(MixedNodeCell(nodes, width, channels))
                width = nodes * channels
            stacks.append(nn.ModuleList(made))
        self.stacks = nn.ModuleList(stacks)
        self.pool = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.last = nn.Sequential(nn.ReLU(), conv(width, channels, 1), BatchNorm())
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map images (n, in_channels, h, w) to logits (n, num_classes)."""
        features: Tensor = self.stem(images)
        for number, stack in enumerate(self.stacks):
            features = self.pool(features) if number else features
            for cell in stack:  # type: ignore[attr-defined]
                features = cell(features, mixtures)
        logits: Tensor = self.classifier(keep_layout(self.last(features)).mean((2, 3)))
        return logits

    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        """Return every edge with the operation of the node that it leads into."""
        counts = PARENTS[self.space]
        names = [OPERATIONS[column] for column in strengths[NODE_OPERATIONS].argmax(1)]
        edges: list[ChosenEdge] = []
        for node, (count, name) in enumerate(zip(counts, [*names, "output"], strict=True), start=1):
            sources: Sequence[int] = range(node)
            if parents_of(node) in strengths:
                sources = strongest(strengths[parents_of(node)][0], count)
            edges += [ChosenEdge(source, node, name) for source in sources]
        return {"cell": edges}

    def chosen_places(
        self, strengths: Mapping[str, NDArray[np.float64]]
    ) -> dict[str, list[tuple[int, int]]]:
        """Return the operation of every node and the parents that it keeps."""
        places = {NODE_OPERATIONS: list(enumerate(strengths[NODE_OPERATIONS].argmax(1).tolist()))}
        for node, count in enumerate(PARENTS[self.space], start=1):
            kind = parents_of(node)
            if kind in strengths:
                places[kind] = [(0, source) for source in strongest(strengths[kind][0], count)]
        return places

    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        """Return the NAS-Bench-101 text of the cell, without nodes that lead nowhere."""
        edges = self.chosen(strengths)["cell"]
        last = len(PARENTS[self.space])
        pairs = {(edge.source, edge.target) for edge in edges}
        rows = tuple(tuple((i, j) in pairs for j in range(last + 1)) for i in range(last + 1))
        ops = tuple(int(column) for column in strengths[NODE_OPERATIONS].argmax(1))
        return cell_text(validate(Nb101Cell(rows, ops)))


def strongest(strengths: NDArray[np.float64], count: int) -> list[int]:
    """Return the columns of the ``count`` largest strengths, ascending; the first of equal ones."""
    order = np.argsort(-strengths, kind="stable")
    kept: list[int] = np.sort(order[:count]).tolist()
    return kept


SUPERNETS: Final = SimpleNamespace(
    **{f"space_{number}": partial(NasBench1Shot1Supernet, number) for number in PARENTS}
)
"""The constructors of the three spaces, for the plugin."""
