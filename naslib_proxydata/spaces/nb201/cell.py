"""The cell of NAS-Bench-201 as a value, and its official text (arXiv 2001.00326, section 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

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

_FORM: Final = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
_TEMPLATE: Final = _FORM.replace("op", "{}")
_OPERATION: Final = r"([^|~+]+)"
_TEXT: Final = re.compile(
    r"\+".join(
        r"\|" + "".join(rf"{_OPERATION}~{source}\|" for source in range(target))
        for target in range(1, NODES)
    )
)


@dataclass(frozen=True)
class Cell:
    """One of the 15,625 cells.

    Attributes:
        operations: The operation of each edge, in the order of :data:`EDGES`.
    """

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a cell that is not of this space."""
        if len(self.operations) != len(EDGES):
            raise ArchitectureError(
                f"a NAS-Bench-201 cell has {len(EDGES)} edges, got {len(self.operations)} "
                f"operations: {shown(self.operations)}"
            )
        for edge, operation in zip(EDGES, self.operations, strict=True):
            if operation not in OPERATIONS:
                where = f"NAS-Bench-201, edge {edge[0]}-{edge[1]}"
                raise ArchitectureError(
                    unknown_name("operation", str(operation), OPERATIONS, where)
                )

    def edges(self) -> Iterator[tuple[int, int, str]]:
        """Yield (source, target, operation) of the edges whose operation is not ``none``."""
        for (source, target), operation in zip(EDGES, self.operations, strict=True):
            if operation != NONE:
                yield source, target, operation

    def keep(self, edges: Iterable[tuple[int, int]]) -> Cell:
        """Return the cell in which every edge but these is ``none``."""
        kept = set(edges)
        pairs = zip(EDGES, self.operations, strict=True)
        return Cell(tuple(op if edge in kept else NONE for edge, op in pairs))


def parse(text: str) -> Cell:
    """Read the official text, such as ``|nor_conv_3x3~0|+|none~0|none~1|+|...|``.

    Raises:
        ArchitectureError: The text is not of the form, or an operation is unknown, in which
            case the closest one is named.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise ArchitectureError(
            f"{shown(text)} is not a NAS-Bench-201 cell: expected the form {_FORM}, "
            f"op one of {', '.join(OPERATIONS)}"
        )
    return Cell(match.groups())


def text(cell: Cell) -> str:
    """Return the official text of a cell."""
    return _TEMPLATE.format(*cell.operations)
