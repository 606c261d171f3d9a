"""TransNAS-Bench-101 micro (arXiv 2105.11871): cells of 4 nodes, 6 edges, 4 operations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.base import Subset
from naslib_proxydata.spaces.common.graph import Graph, GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.transnas.skeleton import BASE_CHANNELS, Shape
from naslib_proxydata.spaces.transnas.space import TransNasSpace

if TYPE_CHECKING:
    import numpy as np

    from naslib_proxydata.spaces.common.stacked import Builder
    from naslib_proxydata.spaces.common.trunk import Trunk
    from naslib_proxydata.spaces.transnas.network import CellMaker

MICRO_MODULES = (4, 1, 4, 1, 4)
SCORED_MICRO_MODULES = (4, 1, 4, 1, 2)
"""The last halving of the micro skeleton is left out at the small sizes of scoring."""
OPERATIONS = ("zero", "skip", "conv1x1", "conv3x3")
ZERO, SKIP = 0, 1
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
KERNELS = (0, 1, 1, 3)
"""Kernel by operation; a skip that changes the shape costs what a 1x1 convolution does."""
_PREFIX = f"{BASE_CHANNELS}-{''.join(map(str, MICRO_MODULES))}-"
_FORM = re.compile(re.escape(_PREFIX) + r"([0-3])_([0-3]{2})_([0-3]{3})")


@dataclass(frozen=True)
class TransNasCell:
    """A cell: an index into :data:`OPERATIONS` for each of :data:`EDGES`."""

    operations: tuple[int, ...]


class TransNasMicro(TransNasSpace[TransNasCell]):
    """The 4,096 cells on the skeleton 64-41414.

    Cells with the same live edges (those on a path of operations other than zero from input to
    output) share a canonical form, in which all other edges are zero.
    """

    name = "transnas-micro"

    def parse(self, text: str) -> TransNasCell:
        """Read an official string such as ``64-41414-1_02_333``.

        Raises:
            ArchitectureError: The string has another form.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ArchitectureError(
                f"not a TransNAS-Bench-101 micro cell: {shown(text)}; expected "
                f"{_PREFIX}a_bc_def with digits 0 zero, 1 skip, 2 conv1x1, 3 conv3x3"
            )
        return TransNasCell(tuple(map(int, "".join(match.groups()))))

    def text(self, architecture: TransNasCell) -> str:
        """Return the official string."""
        a, b, c, d, e, f = architecture.operations
        return f"{_PREFIX}{a}_{b}{c}_{d}{e}{f}"

    def canonical(self, architecture: TransNasCell) -> TransNasCell:
        """Return the cell with zero on every edge that carries nothing to the output."""
        live = _live(architecture.operations)
        operations = zip(architecture.operations, live, strict=True)
        return TransNasCell(tuple(op if is_live else ZERO for op, is_live in operations))

    def carries_signal(self, architecture: TransNasCell) -> bool:
        """Return whether a path of operations other than zero leads from input to output."""
        return any(_live(architecture.operations))

    def subsets(self) -> Mapping[str, Subset[TransNasCell]]:
        """Return the subset ``clean``: the cells in which every operation but zero is live.

        Source: arXiv 2404.16551, appendix C.2, which leaves out all others.
        """
        return {
            "clean": Subset(
                "cells without dead edges, arXiv 2404.16551",
                lambda cell: self.canonical(cell) == cell,
            )
        }

    def sample(self, generator: np.random.Generator) -> TransNasCell:
        """Draw each edge's operation uniformly."""
        drawn = generator.integers(len(OPERATIONS), size=len(EDGES))
        return TransNasCell(tuple(map(int, drawn)))

    def neighbours(self, architecture: TransNasCell) -> Sequence[TransNasCell]:
        """Return the 18 cells that differ in the operation of one edge."""
        old = architecture.operations
        return [
            TransNasCell((*old[:edge], op, *old[edge + 1 :]))
            for edge in range(len(EDGES))
            for op in range(len(OPERATIONS))
            if op != old[edge]
        ]

    def modules(self, architecture: TransNasCell) -> tuple[int, ...]:
        """Return 4, 1, 4, 1, 4."""
        return MICRO_MODULES

    def scored_modules(self, architecture: TransNasCell) -> tuple[int, ...]:
        """Return 4, 1, 4, 1, 2, as the release of Eproxy (arXiv 2210.09459) has it."""
        return SCORED_MICRO_MODULES

    def cell_maker(self, architecture: TransNasCell) -> CellMaker:
        """Return the constructor of this cell's networks."""
        from naslib_proxydata.spaces.transnas.network import MicroCellNetwork

        return partial(MicroCellNetwork, architecture.operations)

    def stacked_trunk(
        self, architectures: Sequence[TransNasCell], builder: Builder, *, in_channels: int = 3
    ) -> Trunk:
        """Build the trunks of many cells as one."""
        from naslib_proxydata.spaces.transnas.stacked import stacked_trunk

        live = [self.canonical(cell).operations for cell in architectures]
        return stacked_trunk(live, SCORED_MICRO_MODULES, in_channels, builder)

    def convolutions(self, architecture: TransNasCell, shape: Shape) -> Iterator[Shape]:
        """Yield the convolutions of all edges, dead ones too."""
        inputs, outputs, stride = shape
        for (source, _), op in zip(EDGES, architecture.operations, strict=True):
            before = inputs if source == 0 else outputs
            keeps_shape = before == outputs and (source != 0 or stride == 1)
            if op != ZERO and not (op == SKIP and keeps_shape):
                yield before, outputs, KERNELS[op]

    def graph_view(self, architecture: TransNasCell) -> GraphView:
        """Return the cell; an edge with the operation ``zero`` is no edge."""
        edges = tuple(
            (source, target, OPERATIONS[op])
            for (source, target), op in zip(EDGES, architecture.operations, strict=True)
            if op != ZERO
        )
        return GraphView(OPERATIONS[1:], {"cell": Graph(4, edges)})

    def parameters(self) -> Parameters[TransNasCell]:
        """Return the operation of each edge, such as ``edge_0_1``."""
        return Parameters(
            {f"edge_{source}_{target}": OPERATIONS for source, target in EDGES},
            lambda names: TransNasCell(tuple(map(OPERATIONS.index, names))),
            lambda cell: [OPERATIONS[code] for code in cell.operations],
        )


def _live(operations: tuple[int, ...]) -> list[bool]:
    """Return for each edge whether it lies on a path from input to output."""
    edges = [edge for edge, op in zip(EDGES, operations, strict=True) if op != ZERO]
    from_input, to_output = {0}, {3}
    for source, target in sorted(edges, key=lambda edge: edge[0]):
        if source in from_input:
            from_input.add(target)
    for source, target in sorted(edges, key=lambda edge: -edge[1]):
        if target in to_output:
            to_output.add(source)
    return [
        op != ZERO and source in from_input and target in to_output
        for (source, target), op in zip(EDGES, operations, strict=True)
    ]
