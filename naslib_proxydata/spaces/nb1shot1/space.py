"""The search spaces of NAS-Bench-1Shot1: cells of NAS-Bench-101 with fixed numbers of parents.

Every inner vertex and the output keep as many parents as table 1 of arXiv 2001.10422 says. A
vertex that leads nowhere (a loose end) is pruned, so a cell is that of NAS-Bench-101, with its
text, canonical form, hash and network, and NAS-Bench-101's tables hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import combinations, product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, TypeAlias

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.spaces.nb101 import cell as nb101_cell
from naslib_proxydata.spaces.nb101.cell import OPERATIONS, Nb101Cell
from naslib_proxydata.spaces.nb101.space import NasBench101

if TYPE_CHECKING:
    import numpy as np

Parents: TypeAlias = tuple[tuple[int, ...], ...]
"""The parents of each inner vertex and, last, of the output."""

Rows: TypeAlias = tuple[tuple[bool, ...], ...]

PARENTS: Final = {1: (1, 2, 2, 2, 2), 2: (1, 1, 2, 2, 3), 3: (1, 1, 1, 2, 2, 2)}
"""By space, how many parents the inner vertices keep and, last, the output (table 1)."""


class NasBench1Shot1(NasBench101):
    """One of the three search spaces.

    Args:
        number: 1, 2 or 3.
    """

    table_space = NasBench101.name

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"nb1shot1-{number}"

    def parse(self, text: str) -> Nb101Cell:
        """Read a cell's text, as NAS-Bench-101 writes it.

        Raises:
            ArchitectureError: It is no cell of NAS-Bench-101, or none of this search space.
        """
        cell = super().parse(text)
        if nb101_cell.canonical(cell).rows not in _canonical_rows(self.number):
            raise ArchitectureError(
                f"{text!r} is a cell of NAS-Bench-101, but not of search space {self.number} of "
                f"NAS-Bench-1Shot1, whose vertices keep {PARENTS[self.number]} parents; loose "
                "ends are left out"
            )
        return cell

    def sample(self, generator: np.random.Generator) -> Nb101Cell:
        """Draw each vertex's parents and operation uniformly, and prune loose ends."""
        wired = wirings(self.number)
        parents = wired[int(generator.integers(len(wired)))]
        ops = generator.integers(len(OPERATIONS), size=len(parents) - 1)
        return nb101_cell.validate(with_parents(parents, tuple(ops.tolist())))

    def neighbours(self, architecture: Nb101Cell) -> Sequence[Nb101Cell]:
        """Return the cells that differ in one operation, or in the parents of one vertex.

        What loose ends would be is open, so all of it counts as it has to for an edit.
        """
        found = {
            nb101_cell.validate(cell): None
            for parents, ops in _encodings(self.number, architecture)
            for cell in _edits(parents, ops)
        }
        itself = nb101_cell.canonical(architecture)
        return [cell for cell in found if nb101_cell.canonical(cell) != itself]


def wirings(number: int) -> list[Parents]:
    """Return every choice of parents of a search space, loose ends included."""
    choices = (combinations(range(v), count) for v, count in enumerate(PARENTS[number], start=1))
    return list(product(*choices))


def with_parents(parents: Parents, ops: tuple[int, ...]) -> Nb101Cell:
    """Return the cell of the given parents, loose ends included."""
    size = range(len(parents) + 1)
    return Nb101Cell(tuple(tuple(v > 0 and u in parents[v - 1] for v in size) for u in size), ops)


def live_vertices(parents: Parents) -> list[int]:
    """Return the inner vertices from which the output can be reached, ascending."""
    live = {len(parents)}
    for vertex in range(len(parents), 0, -1):
        live |= set(parents[vertex - 1]) if vertex in live else set()
    return sorted(live - {0, len(parents)})


@cache
def _by_rows(number: int) -> dict[Rows, list[Parents]]:
    """Return the choices of parents that each pruned matrix comes from."""
    found: dict[Rows, list[Parents]] = {}
    for parents in wirings(number):
        unnamed = with_parents(parents, (0,) * (len(parents) - 1))
        found.setdefault(nb101_cell.validate(unnamed).rows, []).append(parents)
    return found


@cache
def _canonical_rows(number: int) -> frozenset[Rows]:
    """Return the matrices of canonical forms; a canonical form puts the matrix first."""
    return frozenset(
        nb101_cell.canonical(Nb101Cell(rows, (0,) * (len(rows) - 2))).rows
        for rows in _by_rows(number)
    )


def _encodings(number: int, architecture: Nb101Cell) -> Iterator[tuple[Parents, tuple[int, ...]]]:
    """Yield the parents and operations that a cell may come from; loose ends are convolutions."""
    wanted = nb101_cell.canonical(architecture)
    for rows, all_parents in _by_rows(number).items():
        if len(rows) != wanted.vertices or sum(map(sum, rows)) != wanted.edges():
            continue
        for ops in _matching_ops(rows, wanted):
            for parents in all_parents:
                live = dict(zip(live_vertices(parents), ops, strict=True))
                yield parents, tuple(live.get(v, 0) for v in range(1, len(parents)))


def _matching_ops(rows: Rows, wanted: Nb101Cell) -> Iterator[tuple[int, ...]]:
    """Yield the operations with which a matrix is the wanted cell."""
    if nb101_cell.canonical(Nb101Cell(rows, (0,) * len(wanted.ops))).rows != wanted.rows:
        return
    for ops in product(range(len(OPERATIONS)), repeat=len(wanted.ops)):
        same = sorted(ops) == sorted(wanted.ops)
        if same and nb101_cell.canonical(Nb101Cell(rows, ops)) == wanted:
            yield ops


def _edits(parents: Parents, ops: tuple[int, ...]) -> Iterator[Nb101Cell]:
    """Yield the cells with another operation, then those with other parents of one vertex."""
    for place in range(len(ops)):
        for op in range(len(OPERATIONS)):
            yield with_parents(parents, (*ops[:place], op, *ops[place + 1 :]))
    for place, old in enumerate(parents):
        for new in combinations(range(place + 1), len(old)):
            changed = (*parents[:place], new, *parents[place + 1 :])
            joined = [v for v in live_vertices(changed) if v not in live_vertices(parents)]
            for filled in product(range(len(OPERATIONS)), repeat=len(joined)):
                named = dict(zip(joined, filled, strict=True))
                yield with_parents(changed, tuple(named.get(v, op) for v, op in enumerate(ops, 1)))


SPACES: Final = SimpleNamespace(
    **{f"space_{number}": partial(NasBench1Shot1, number) for number in PARENTS}
)
"""The constructors of the three spaces, for the plugin."""
