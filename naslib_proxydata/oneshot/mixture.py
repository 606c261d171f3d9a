"""How much of each candidate operation an edge uses: what a strategy hands to a supernet."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Choices:
    """The choices of one kind of cell, such as the normal cell of the DARTS space.

    Attributes:
        edges: (source, target) of each edge.
        operations: Names of the candidates of each edge; all edges have equally many.
        absent: (row, column) of candidates that an edge does not have.
    """

    edges: tuple[tuple[int, int], ...]
    operations: tuple[tuple[str, ...], ...]
    absent: frozenset[tuple[int, int]] = frozenset()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of edges and of candidates on each."""
        return len(self.edges), len(self.operations[0])

    @property
    def present(self) -> Tensor:
        """Which candidates each edge has, bool, edges x operations."""
        mask = torch.ones(self.shape, dtype=torch.bool)
        for row, column in self.absent:
            mask[row, column] = False
        return mask

    def into(self, target: int) -> tuple[int, ...]:
        """Return the rows of the edges that lead into a node."""
        return tuple(row for row, edge in enumerate(self.edges) if edge[1] == target)

    def out_of(self, source: int) -> tuple[int, ...]:
        """Return the rows of the edges that leave a node."""
        return tuple(row for row, edge in enumerate(self.edges) if edge[0] == source)

    def place(self, source: int, target: int, operation: str) -> tuple[int, int]:
        """Return the row of an edge and the column of an operation on it."""
        row = self.edges.index((source, target))
        return row, self.operations[row].index(operation)

    @property
    def targets(self) -> tuple[int, ...]:
        """The nodes that edges lead into, ascending."""
        return tuple(sorted({target for _, target in self.edges}))


@dataclass(frozen=True)
class Mixture:
    """Weights of the candidates of one kind of cell.

    Attributes:
        weights: Weight of each candidate, edges x operations.
        active: For each edge, the columns of the operations to run; the others have weight 0.
            None for all of them.
        idle: For each edge, the summed weight of operations that are not run: zero in value,
            but with their gradient (straight-through sampling); None where there is none.
        edges: Weight of each edge, where a strategy has such (PC-DARTS); ``weights`` are
            already multiplied with it.
        generator: A generator on the features' device for operations that draw (noise, dropout).
        skip_dropout: Share of a skip connection's values that are dropped.
        auxiliary: Weight of a skip connection beside the candidates of every edge (DARTS-).
    """

    weights: Tensor
    active: tuple[tuple[int, ...], ...] | None = None
    idle: Tensor | None = None
    edges: Tensor | None = None
    generator: torch.Generator | None = None
    skip_dropout: float = 0.0
    auxiliary: float = 0.0

    def edge_weight(self, row: int) -> Tensor | float:
        """Return the weight of a whole edge, 1 where edges have none."""
        return 1.0 if self.edges is None else self.edges[row]

    def runs(self, row: int, column: int) -> bool:
        """Return whether an edge runs an operation."""
        return self.active is None or column in self.active[row]


def masked_softmax(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return the softmax over the allowed candidates of each edge, 0 for the others.

    An edge without any allowed candidate gets zeros.
    """
    return logits.masked_fill(~allowed, -1e9).softmax(-1) * allowed
