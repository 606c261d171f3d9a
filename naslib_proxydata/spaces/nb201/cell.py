"""The cell of NAS-Bench-201 as a value, and its official text (arXiv 2001.00326, section 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final, TypeVar

from typing_extensions import Self

from naslib_proxydata.errors import ArchitectureError, shown, unknown_name

NODES: Final = 4
"""Number of nodes; 0 is the cell's input and 3 its output."""

EDGES: Final = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""(source, target) of each edge, in the order of the official text."""

NONE: Final = "none"
SKIP: Final = "skip_connect"
CONV_1X1: Final = "nor_conv_1x1"
CONV_3X3: Final = "nor_conv_3x3"
POOL: Final = "avg_pool_3x3"

OPERATIONS: Final = (NONE, SKIP, CONV_1X1, CONV_3X3, POOL)
"""The operations, in the benchmark's own order."""

_OPERATION: Final = r"([^|~+]+)"


def edges_among(nodes: int) -> tuple[tuple[int, int], ...]:
    """Return (source, target) of each edge among so many nodes, in the order of the text."""
    return tuple((source, target) for target in range(1, nodes) for source in range(target))


@dataclass(frozen=True)
class Cell:
    """One of the 15,625 cells.

    Attributes:
        operations: The operation of each edge, in the order of :attr:`every_edge`.
        nodes: Number of nodes of such a cell.
        every_edge: (source, target) of each of its edges.
        space: What such cells are called.
    """

    operations: tuple[str, ...]
    nodes: ClassVar[int] = NODES
    every_edge: ClassVar[tuple[tuple[int, int], ...]] = EDGES
    space: ClassVar[str] = "NAS-Bench-201"

    def __post_init__(self) -> None:
        """Refuse a cell that is not of this space."""
        if len(self.operations) != len(self.every_edge):
            raise ArchitectureError(
                f"a {self.space} cell has {len(self.every_edge)} edges, got "
                f"{len(self.operations)} operations: {shown(self.operations)}"
            )
        for edge, operation in zip(self.every_edge, self.operations, strict=True):
            if operation not in OPERATIONS:
                where = f"{self.space}, edge {edge[0]}-{edge[1]}"
                raise ArchitectureError(
                    unknown_name("operation", str(operation), OPERATIONS, where)
                )

    def edges(self) -> Iterator[tuple[int, int, str]]:
        """Yield (source, target, operation) of the edges whose operation is not ``none``."""
        for (source, target), operation in zip(self.every_edge, self.operations, strict=True):
            if operation != NONE:
                yield source, target, operation

    def keep(self, edges: Iterable[tuple[int, int]]) -> Self:
        """Return the cell in which every edge but these is ``none``."""
        kept = set(edges)
        pairs = zip(self.every_edge, self.operations, strict=True)
        return type(self)(tuple(op if edge in kept else NONE for edge, op in pairs))


class FiveNodeCell(Cell):
    """One of the 5^10 cells of five nodes and ten edges, with the same operations."""

    nodes = 5
    every_edge = edges_among(5)
    space = "five-node NAS-Bench-201"


Kind = TypeVar("Kind", bound=Cell)


@cache
def _pattern(nodes: int) -> re.Pattern[str]:
    return re.compile(
        r"\+".join(
            r"\|" + "".join(rf"{_OPERATION}~{source}\|" for source in range(target))
            for target in range(1, nodes)
        )
    )


@cache
def _form(nodes: int) -> str:
    """Return the text with ``op`` for every operation."""
    return "+".join(
        "|" + "".join(f"op~{source}|" for source in range(target)) for target in range(1, nodes)
    )


def parse(text: str) -> Cell:
    """Read the official text of a cell of the benchmark; see :func:`parse_as`."""
    return parse_as(Cell, text)


def parse_as(kind: type[Kind], text: str) -> Kind:
    """Read the official text, such as ``|nor_conv_3x3~0|+|none~0|none~1|+|...|``.

    Args:
        kind: Which cell it is to be.
        text: The text.

    Raises:
        ArchitectureError: The text is not of the form, or an operation is unknown, in which
            case the closest one is named.
    """
    match = _pattern(kind.nodes).fullmatch(text.strip())
    if match is None:
        raise ArchitectureError(
            f"{shown(text)} is not a {kind.space} cell: expected the form {_form(kind.nodes)}, "
            f"op one of {', '.join(OPERATIONS)}"
        )
    return kind(match.groups())


def text(cell: Cell) -> str:
    """Return the official text of a cell."""
    return _form(cell.nodes).replace("op", "{}").format(*cell.operations)
