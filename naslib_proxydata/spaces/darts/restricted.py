"""S1 to S4: DARTS's cells with few operations on each edge (arXiv 1909.09656, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, cast

from naslib_proxydata.errors import ArchitectureError, closest, shown
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.genotypes.genotype import NONE, CellGenotype, Edge, Genotype

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk
    from naslib_proxydata.spaces.genotypes.network import CellStack, GenotypeCell

NOISE: Final = "noise"
"""An edge that carries standard normal noise in place of its input."""
KINDS: Final = ("normal", "reduce")
NODES: Final = (2, 3, 4, 5)
EDGES: Final = tuple((source, node) for node in NODES for source in range(node))
Candidates = Mapping[str, tuple[tuple[str, ...], ...]]
"""What each of :data:`EDGES` may be, in either kind of cell."""

_SHORT = {
    "s": "skip_connect",
    "m": "max_pool_3x3",
    "a": "avg_pool_3x3",
    "3": "sep_conv_3x3",
    "d": "dil_conv_3x3",
    "D": "dil_conv_5x5",
}
_S1 = {
    "normal": "sd sD sD s3 sd ms s3 s3 sd s3 ms sd dD dD",
    "reduce": "ma md ma ma sD ma m3 sd sD ma ma sD sD sD",
}
"""S1: the two best candidates of every edge as DARTS found them, edge by edge (the release)."""


def _same(*operations: str) -> Candidates:
    return {kind: (operations,) * len(EDGES) for kind in KINDS}


CANDIDATES: Final[Mapping[str, Candidates]] = {
    "s1": {
        kind: tuple(tuple(_SHORT[one] for one in pair) for pair in text.split())
        for kind, text in _S1.items()
    },
    "s2": _same("skip_connect", "sep_conv_3x3"),
    "s3": _same(NONE, "skip_connect", "sep_conv_3x3"),
    "s4": _same(NOISE, "sep_conv_3x3"),
}


class RestrictedDarts(Darts):
    """Genotypes of one of the four spaces: two edges from different nodes into every node.

    Edges of "none" may come from anywhere. Noise carries nothing of the images, but what reads
    it computes something, so that it is not "none".

    Args:
        name: s1, s2, s3 or s4.
        width: Channels of the first cells' nodes; 16 by default in the release's evaluation.
        depth: Number of cells; 8 by default there.
    """

    def __init__(self, name: str, width: int = 16, depth: int = 8) -> None:
        super().__init__(width, depth)
        self.name = name
        self._choices = {
            kind: dict(zip(EDGES, CANDIDATES[name][kind], strict=True)) for kind in KINDS
        }
        found = {op for choices in self._choices.values() for ops in choices.values() for op in ops}
        self.operations = tuple(sorted(found))

    def parse(self, text: str) -> Genotype:
        """Read a genotype as :meth:`Darts.parse` does.

        Raises:
            ArchitectureError: As there; or an edge is not a candidate of its place, a node reads
                another one twice, or a cell's output is not all its nodes.
        """
        genotype = super().parse(text)
        for kind, cell in zip(KINDS, (genotype.normal, genotype.reduce), strict=True):
            self._check(kind, cell)
        return genotype

    def sample(self, generator: np.random.Generator) -> Genotype:
        """Draw two different sources of every node, then their operations, uniformly."""
        cells = []
        for kind in KINDS:
            edges: list[Edge] = []
            for node in NODES:
                for source in sorted(generator.permutation(node)[:2].tolist()):
                    choices = self._choices[kind][source, node]
                    edges.append((choices[int(generator.integers(len(choices)))], source))
            cells.append(CellGenotype(tuple(edges), NODES))
        return Genotype(*cells)

    def neighbours(self, architecture: Genotype) -> Sequence[Genotype]:
        """Return the genotypes that differ in one edge: its operation, its source, or both."""
        normal, reduce = architecture.normal, architecture.reduce
        return [
            *(Genotype(cell, reduce) for cell in self._others("normal", normal)),
            *(Genotype(normal, cell) for cell in self._others("reduce", reduce)),
        ]

    def parts(self, architecture: Genotype) -> tuple[Genotype, int, int, bool]:
        """Return width, depth and the genotype with noise as "none": so it counts and carries."""
        quiet = Genotype(*(_quiet(cell) for cell in (architecture.normal, architecture.reduce)))
        return quiet, self.width, self.depth, False

    def construct_network(
        self, architecture: Genotype, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, cells as written, global mean and classifier."""
        from naslib_proxydata.spaces.genotypes.network import CellClassifier

        return CellClassifier(self._stack(architecture, in_channels), num_classes, False)

    def construct_trunk(self, architecture: Genotype, in_channels: int) -> Trunk:
        """Construct stem and canonical cells."""
        return self._stack(self.canonical(architecture), in_channels)

    def scored_macs(self, architecture: Genotype) -> int:
        """Count the trunk as it is built: noise has no weights, and is no dead edge either."""
        return ConstructedSpace.scored_macs(self, architecture)

    def _stack(self, genotype: Genotype, in_channels: int) -> CellStack:
        """Construct the cells without noise, then put it where the genotype has it."""
        from naslib_proxydata.spaces.darts.noise import Noise
        from naslib_proxydata.spaces.genotypes.network import CellStack

        stack = CellStack(self.parts(genotype)[0], self.width, self.depth, in_channels, False)
        for number, cell in enumerate(stack.cells):
            reduces = number in stack.reductions
            written = genotype.reduce if reduces else genotype.normal
            for place, (op, source) in enumerate(written.edges):
                if op == NOISE:
                    stride = 2 if reduces and source < 2 else 1
                    noise = Noise(stride, f"{number}, {place}")
                    cast("GenotypeCell", cell).operations[str(place)] = noise
        return stack

    def _others(self, kind: str, cell: CellGenotype) -> Iterator[CellGenotype]:
        for place, edge in enumerate(cell.edges):
            node, sibling = 2 + place // 2, cell.edges[place ^ 1]
            for source in range(node):
                for op in self._choices[kind][source, node]:
                    other = (op, source)
                    if other != edge and _together(other, sibling):
                        edges = (*cell.edges[:place], other, *cell.edges[place + 1 :])
                        yield CellGenotype(edges, cell.concat)

    def _check(self, kind: str, cell: CellGenotype) -> None:
        if sorted(cell.concat) != list(NODES):
            raise ArchitectureError(
                f"{kind}_concat: {self.name} concatenates the nodes {list(NODES)}, got "
                f"{list(cell.concat)}"
            )
        for place, (op, source) in enumerate(cell.edges):
            node = 2 + place // 2
            choices = self._choices[kind][source, node]
            if op not in choices:
                raise ArchitectureError(
                    f"{kind}: the edge from node {source} to {node} of {self.name} cannot be "
                    f"{shown(op)}{closest(op, choices)}; expected one of {', '.join(choices)}"
                )
            if not _together(cell.edges[place], cell.edges[place ^ 1]):
                raise ArchitectureError(f"{kind}: node {node} reads node {source} twice")


def _together(one: Edge, other: Edge) -> bool:
    """Return whether two edges may lead into one node."""
    return one[1] != other[1] or NONE in (one[0], other[0])


def _quiet(cell: CellGenotype) -> CellGenotype:
    edges = tuple((NONE if op == NOISE else op, source) for op, source in cell.edges)
    return CellGenotype(edges, cell.concat)


SPACES: Final = SimpleNamespace(**{name: partial(RestrictedDarts, name) for name in CANDIDATES})
"""The makers of the spaces as attributes."""
