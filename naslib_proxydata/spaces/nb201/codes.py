"""Integer codes of NAS-Bench-201 cells: two conventions, told apart by the functions' names.

*Official* codes follow the benchmark's text; *NASLib* codes number both the edges and the
operations otherwise. A tuple of one convention is nearly always valid in the other and means
another cell, so nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.nb201.cell import (
    CONV_1X1,
    CONV_3X3,
    EDGES,
    NONE,
    OPERATIONS,
    POOL,
    SKIP,
    Cell,
)

NASLIB_EDGES: Final = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
"""The order of edges in NASLib: by source, where the official order is by target."""

NASLIB_OPERATIONS: Final = (SKIP, NONE, CONV_3X3, CONV_1X1, POOL)
"""The order of operations in NASLib, where the official order is :data:`OPERATIONS`."""


def from_official_codes(codes: Sequence[int]) -> Cell:
    """Decode codes in the order of the official text.

    Args:
        codes: Six integers for the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3; 0 none,
            1 skip_connect, 2 nor_conv_1x1, 3 nor_conv_3x3, 4 avg_pool_3x3.

    Raises:
        ArchitectureError: There are not six codes of 0 to 4.
    """
    return _decode(codes, EDGES, OPERATIONS, "official")


def from_naslib_codes(codes: Sequence[int]) -> Cell:
    """Decode NASLib's operation indices.

    Args:
        codes: Six integers for the edges 0-1, 0-2, 0-3, 1-2, 1-3, 2-3; 0 skip_connect,
            1 none, 2 nor_conv_3x3, 3 nor_conv_1x1, 4 avg_pool_3x3.

    Raises:
        ArchitectureError: There are not six codes of 0 to 4.
    """
    return _decode(codes, NASLIB_EDGES, NASLIB_OPERATIONS, "NASLib")


def to_official_codes(cell: Cell) -> tuple[int, ...]:
    """Encode a cell as :func:`from_official_codes` reads it."""
    return _encode(cell, EDGES, OPERATIONS)


def to_naslib_codes(cell: Cell) -> tuple[int, ...]:
    """Encode a cell as :func:`from_naslib_codes` reads it."""
    return _encode(cell, NASLIB_EDGES, NASLIB_OPERATIONS)


def _decode(
    codes: Sequence[int],
    edges: Sequence[tuple[int, int]],
    operations: Sequence[str],
    convention: str,
) -> Cell:
    valid = range(len(operations))
    if len(codes) != len(edges) or any(code not in valid for code in codes):
        raise ArchitectureError(
            f"{shown(tuple(codes))} are not {convention} codes of a NAS-Bench-201 cell: "
            f"expected {len(edges)} integers from 0 to {len(operations) - 1}"
        )
    chosen = {edge: operations[code] for edge, code in zip(edges, codes, strict=True)}
    return Cell(tuple(chosen[edge] for edge in EDGES))


def _encode(
    cell: Cell, edges: Sequence[tuple[int, int]], operations: Sequence[str]
) -> tuple[int, ...]:
    chosen = dict(zip(EDGES, cell.operations, strict=True))
    return tuple(operations.index(chosen[edge]) for edge in edges)
