"""NAS-Bench-101 (arXiv 1902.09635): cells of up to 7 vertices, 9 edges and 3 operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import LINK, Edge, Graph, GraphView
from naslib_proxydata.spaces.common.parameters import Choice, Parameters
from naslib_proxydata.spaces.nb101 import cell as nb101_cell
from naslib_proxydata.spaces.nb101.cell import MAX_VERTICES, OPERATIONS, Nb101Cell

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk


class NasBench101(ConstructedSpace[Nb101Cell]):
    """The 423,624 cells (up to isomorphism) and the network trained around each.

    A cell's text is the upper triangle of its adjacency matrix row by row, a colon, and a digit
    for each inner vertex: 0 conv3x3, 1 conv1x1, 2 maxpool3x3. Vertices off every path from input
    to output are allowed in a text and pruned wherever the cell is used.
    """

    name = "nb101"

    def parse(self, text: str) -> Nb101Cell:
        """Read a cell's text.

        Raises:
            ArchitectureError: The form is wrong, nothing connects input and output, or the
                pruned cell has more than 9 edges.
        """
        cell = nb101_cell.parse_cell(text)
        nb101_cell.validate(cell)
        return cell

    def text(self, architecture: Nb101Cell) -> str:
        """Return the cell's text."""
        return nb101_cell.cell_text(architecture)

    def from_matrix(self, adjacency: Sequence[Sequence[int]], ops: Sequence[str]) -> Nb101Cell:
        """Read a cell as the benchmark's ``ModelSpec`` takes it.

        Args:
            adjacency: Square 0-1 matrix, upper triangular.
            ops: One name for each vertex, ``"input"`` first and ``"output"`` last.

        Raises:
            ArchitectureError: See :meth:`parse`.
        """
        size = len(ops)
        is_square = len(adjacency) == size and all(len(row) == size for row in adjacency)
        if not is_square or any(adjacency[i][j] for i in range(size) for j in range(i + 1)):
            raise ArchitectureError(f"expected an upper triangular {size}x{size} matrix")
        if size < 2 or (ops[0], ops[-1]) != ("input", "output"):
            raise ArchitectureError(f"expected operations from input to output, got {list(ops)}")
        unknown = [op for op in ops[1:-1] if op not in OPERATIONS]
        if unknown:
            raise ArchitectureError(f"unknown operations {unknown}; known: {OPERATIONS}")
        bits = "".join("01"[bool(adjacency[i][j])] for i in range(size) for j in range(i + 1, size))
        return self.parse(f"{bits}:{''.join(str(OPERATIONS.index(op)) for op in ops[1:-1])}")

    def canonical(self, architecture: Nb101Cell) -> Nb101Cell:
        """Return the pruned cell with its inner vertices in a fixed order."""
        return nb101_cell.canonical(architecture)

    def hash(self, architecture: Nb101Cell) -> str:
        """Return the official graph hash of the pruned cell, 32 hexadecimal digits."""
        return nb101_cell.graph_hash(architecture)

    def sample(self, generator: np.random.Generator) -> Nb101Cell:
        """Draw 21 edges and 5 operations until the cell is valid, as the paper does."""
        while True:
            bits = generator.integers(2, size=MAX_VERTICES * (MAX_VERTICES - 1) // 2)
            ops = generator.integers(len(OPERATIONS), size=MAX_VERTICES - 2)
            cell = nb101_cell.parse_cell(f"{''.join(map(str, bits))}:{''.join(map(str, ops))}")
            if _is_valid(cell):
                return cell

    def neighbours(self, architecture: Nb101Cell) -> Sequence[Nb101Cell]:
        """Return the valid cells that differ in one edge or one operation.

        A cell of fewer than 7 vertices is first given unconnected ones, so that it can grow.
        """
        return [cell for cell in _edits(_padded(architecture)) if _is_valid(cell)]

    def construct_network(
        self, architecture: Nb101Cell, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, 3 stacks of 3 cells, global mean and classifier."""
        from naslib_proxydata.spaces.common.networks import Classifier
        from naslib_proxydata.spaces.nb101.network import Nb101Trunk

        return Classifier(Nb101Trunk(architecture, in_channels), num_classes)

    def construct_trunk(self, architecture: Nb101Cell, in_channels: int) -> Trunk:
        """Construct stem and stacks; taps are the outputs of stacks 3, 2 and 1."""
        from naslib_proxydata.spaces.nb101.network import Nb101Trunk

        return Nb101Trunk(architecture, in_channels)

    def params(self, architecture: Nb101Cell, *, num_classes: int = 10) -> int:
        """Return the published ``trainable_parameters``, by formula."""
        return nb101_cell.count_params(architecture, num_classes)

    def macs(
        self, architecture: Nb101Cell, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Return the multiply-accumulates of convolutions and classifier, by formula."""
        return nb101_cell.count_macs(architecture, num_classes, image_size or self.image_size)

    def scored_macs(self, architecture: Nb101Cell) -> int:
        """Count the published network without its classifier: the scored trunk."""
        return nb101_cell.count_macs(architecture, 0, self.image_size)

    def graph_view(self, architecture: Nb101Cell) -> GraphView:
        """Return the pruned cell, with room for 7 vertices; vertex v is edge 2v - 1 to 2v."""
        cell = nb101_cell.validate(architecture)
        last = cell.vertices - 1
        output = 2 * MAX_VERTICES - 3
        edges: list[Edge] = [
            (2 * v - 1, 2 * v, OPERATIONS[op]) for v, op in enumerate(cell.ops, start=1)
        ]
        edges += [
            (2 * u, output if v == last else 2 * v - 1, LINK)
            for u, row in enumerate(cell.rows)
            for v, connected in enumerate(row)
            if connected
        ]
        return GraphView(OPERATIONS, {"cell": Graph(output + 1, tuple(edges))})

    def parameters(self) -> Parameters[Nb101Cell]:
        """Return whether each of 21 edges is there, and the operations of 5 vertices.

        Such as ``edge_0_1`` and ``vertex_1``. Most combinations have too many edges, or no path;
        the others are pruned cells.
        """
        pairs = list(combinations(range(MAX_VERTICES), 2))
        edges = {f"edge_{source}_{target}": (False, True) for source, target in pairs}
        inner = {f"vertex_{vertex}": OPERATIONS for vertex in range(1, MAX_VERTICES - 1)}

        def read(values: Sequence[Choice]) -> Nb101Cell:
            bits = "".join("01"[bool(value)] for value in values[: len(pairs)])
            codes = "".join(str(OPERATIONS.index(str(value))) for value in values[len(pairs) :])
            return nb101_cell.validate(self.parse(f"{bits}:{codes}"))

        def write(cell: Nb101Cell) -> list[Choice]:
            padded = _padded(cell)
            there = [padded.rows[source][target] for source, target in pairs]
            return [*there, *(OPERATIONS[code] for code in padded.ops)]

        return Parameters({**edges, **inner}, read, write)


def _is_valid(cell: Nb101Cell) -> bool:
    pruned = nb101_cell.prune(cell)
    return pruned is not None and pruned.edges() <= nb101_cell.MAX_EDGES


def _padded(cell: Nb101Cell) -> Nb101Cell:
    """Return the cell with unconnected vertices before its output, 7 in all."""
    missing = MAX_VERTICES - cell.vertices
    gap = (False,) * missing
    rows = [(*row[:-1], *gap, row[-1]) for row in cell.rows]
    rows[-1:-1] = [(False,) * MAX_VERTICES] * missing
    return Nb101Cell(tuple(rows), (*cell.ops, *(0,) * missing))


def _edits(cell: Nb101Cell) -> Iterator[Nb101Cell]:
    """Yield the cell with each edge flipped, then with each operation replaced."""
    for i, row in enumerate(cell.rows):
        for j in range(i + 1, cell.vertices):
            flipped = (*row[:j], not row[j], *row[j + 1 :])
            yield Nb101Cell((*cell.rows[:i], flipped, *cell.rows[i + 1 :]), cell.ops)
    for v, old in enumerate(cell.ops):
        for op in range(len(OPERATIONS)):
            if op != old:
                yield Nb101Cell(cell.rows, (*cell.ops[:v], op, *cell.ops[v + 1 :]))
