"""What spaces of genotype cells share: DARTS's, and those of NDS."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import Self

from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import GraphView
from naslib_proxydata.spaces.genotypes.genotype import NONE, CellGenotype, Genotype

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk
    from naslib_proxydata.spaces.genotypes.counts import Counts

Architecture = TypeVar("Architecture")


class CellSpace(ConstructedSpace[Architecture]):
    """A space whose networks are stacks of a genotype's cells.

    Attributes:
        operations: What an edge may be.
        nodes: How many nodes a cell has besides its two inputs.
        loose_ends: Whether a cell's output is the nodes that no other node reads; otherwise it
            is all nodes.
        imagenet: Whether the published networks are ImageNet's.
        auxiliary: Whether networks are built with a second classifier, whatever their text says.
    """

    operations: Sequence[str]
    nodes: int
    loose_ends: bool = False
    imagenet: bool = False
    auxiliary: bool = False

    @abstractmethod
    def parts(self, architecture: Architecture) -> tuple[Genotype, int, int, bool]:
        """Return genotype, width, depth and whether there is an auxiliary head."""

    def carries_signal(self, architecture: Architecture) -> bool:
        """Return whether the last cell's output depends on the images."""
        genotype, _, depth, _ = self.parts(architecture)
        inputs = (True, True)
        for place in range(depth):
            reduces = place in (depth // 3, 2 * depth // 3)
            cell = genotype.reduce if reduces else genotype.normal
            alive = cell.alive(inputs)
            inputs = (inputs[1], any(alive[node] for node in cell.concat))
        return inputs[1]

    def resized(
        self, *, channels: int | None = None, cells: int | None = None, auxiliary: bool = False
    ) -> Self:
        """Return the space with a second classifier; see :meth:`SearchSpace.resized`."""
        super().resized(channels=channels, cells=cells)
        resized = copy.copy(self)
        resized.auxiliary = auxiliary
        return resized

    def construct_network(
        self, architecture: Architecture, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, cells as written, global mean and classifier."""
        from naslib_proxydata.spaces.genotypes.network import CellClassifier, CellStack

        genotype, width, depth, auxiliary = self.parts(architecture)
        stack = CellStack(genotype, width, depth, in_channels, self.imagenet)
        return CellClassifier(stack, num_classes, auxiliary or self.auxiliary)

    def construct_trunk(self, architecture: Architecture, in_channels: int) -> Trunk:
        """Construct CIFAR's stem and the canonical cells, for ImageNet's networks too."""
        from naslib_proxydata.spaces.genotypes.network import CellStack

        genotype, width, depth, _ = self.parts(architecture)
        return CellStack(genotype.canonical(), width, depth, in_channels, imagenet=False)

    def params(self, architecture: Architecture, *, num_classes: int = 10) -> int:
        """Count the trainable parameters of the published network, dead edges too."""
        return self.counts(architecture, num_classes, self.image_size).params

    def macs(
        self, architecture: Architecture, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the published network's multiply-accumulates for one image."""
        return self.counts(architecture, num_classes, image_size or self.image_size).macs

    def scored_macs(self, architecture: Architecture) -> int:
        """Count the trunk: canonical cells behind CIFAR's stem, for ImageNet's networks too."""
        from naslib_proxydata.spaces.genotypes.counts import network_counts

        genotype, width, depth, _ = self.parts(architecture)
        return network_counts(
            genotype.canonical(),
            width,
            depth,
            num_classes=0,
            image_size=self.image_size,
            imagenet=False,
        ).macs

    def graph_view(self, architecture: Architecture) -> GraphView:
        """Return both cells, and what the network around them is."""
        genotype, width, depth, auxiliary = self.parts(architecture)
        numbers = {"log width": math.log(width), "log depth": math.log(depth)}
        for name, cell in (("normal", genotype.normal), ("reduce", genotype.reduce)):
            older = sum(op != NONE and source == 0 for op, source in cell.edges)
            numbers[f"{name}: edges from the cell before the last"] = float(older)
            numbers[f"{name}: concatenated"] = float(len(cell.concat))
        return GraphView(
            tuple(op for op in self.operations if op != NONE),
            {"normal": genotype.normal.graph(), "reduce": genotype.reduce.graph()},
            {**numbers, "auxiliary": float(auxiliary)},
        )

    def counts(self, architecture: Architecture, num_classes: int, image_size: int) -> Counts:
        """Count the published network for images of a size in pixels."""
        from naslib_proxydata.spaces.genotypes.counts import network_counts

        genotype, width, depth, auxiliary = self.parts(architecture)
        return network_counts(
            genotype,
            width,
            depth,
            num_classes=num_classes,
            image_size=image_size,
            imagenet=self.imagenet,
            auxiliary=auxiliary,
        )

    def sample_cell(self, generator: np.random.Generator) -> CellGenotype:
        """Draw operation and source of every edge uniformly."""
        edges = []
        for node in range(2, 2 + self.nodes):
            for _ in range(2):
                op = self.operations[int(generator.integers(len(self.operations)))]
                edges.append((op, int(generator.integers(node))))
        return self._with_concat(edges)

    def genotype_neighbours(self, genotype: Genotype) -> Iterator[Genotype]:
        """Yield the genotypes that differ in one edge's operation or source."""
        for cell in self._cell_neighbours(genotype.normal):
            yield Genotype(cell, genotype.reduce)
        for cell in self._cell_neighbours(genotype.reduce):
            yield Genotype(genotype.normal, cell)

    def _cell_neighbours(self, cell: CellGenotype) -> Iterator[CellGenotype]:
        for place, (op, source) in enumerate(cell.edges):
            others = [(other, source) for other in self.operations if other != op]
            others += [(op, other) for other in range(2 + place // 2) if other != source]
            for edge in others:
                yield self._with_concat([*cell.edges[:place], edge, *cell.edges[place + 1 :]])

    def _with_concat(self, edges: Sequence[tuple[str, int]]) -> CellGenotype:
        """Return the cell of these edges with the output that the space gives it."""
        read = {source for _, source in edges} if self.loose_ends else set()
        concat = tuple(node for node in range(2, 2 + self.nodes) if node not in read)
        return CellGenotype(tuple(edges), concat)
