"""The three search spaces have the sizes that were published, and are parts of NAS-Bench-101."""

from __future__ import annotations

import itertools

import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb1shot1.space import PARENTS, NasBench1Shot1, live_vertices, wirings
from naslib_proxydata.spaces.nb101 import cell as nb101_cell
from naslib_proxydata.spaces.nb101.space import NasBench101


def test_published_sizes() -> None:
    """6,240, 29,160 and 363,648 architectures with loose ends (arXiv 2001.10422).

    The rule that gives the first and the third counts an operation only where a vertex has a
    successor; the second counts all four operations of every choice of parents. Both are worked
    out here from the wirings; how the paper itself words it could not be read.
    """

    def with_successor(parents: tuple[tuple[int, ...], ...]) -> int:
        return len(set(itertools.chain(*parents)) - {0})

    assert sum(3 ** with_successor(one) for one in wirings(1)) == 6240
    assert len(wirings(2)) * 3**4 == 29160
    assert sum(3 ** with_successor(one) for one in wirings(3)) == 363648


@pytest.mark.parametrize("number", PARENTS)
def test_cells_are_those_of_nb101(number: int) -> None:
    space, whole = NasBench1Shot1(number), NasBench101()
    assert space.table_space == "nb101"
    generator = numpy_generator(0, "nb1shot1")
    for _ in range(20):
        cell = space.sample(generator)
        assert whole.parse(space.text(cell)) == cell
        assert space.hash(cell) == whole.hash(cell)
        assert space.parse(space.text(space.canonical(cell))) == space.canonical(cell)


def test_a_cell_of_another_space_is_refused() -> None:
    """The output keeps two parents in space 1, so a chain of one vertex is not in it."""
    with pytest.raises(ArchitectureError, match="not of search space 1"):
        NasBench1Shot1(1).parse("101:0")
    smallest = "111:2"  # the output keeps the input and one vertex
    assert NasBench1Shot1(1).text(NasBench1Shot1(1).parse(smallest)) == smallest


def test_live_vertices_by_hand() -> None:
    """Vertices 2 and 4 lead nowhere: 3 reads 0 and 1, the output 0 and 3."""
    assert live_vertices(((0,), (0, 1), (0, 1), (0, 2), (0, 3))) == [1, 3]


def test_neighbours_are_mutual() -> None:
    """In the space of the fewest cells, by brute force over all encodings."""
    space = NasBench1Shot1(1)
    cell = space.sample(numpy_generator(1, "nb1shot1"))
    wanted = {space.canonical(one) for one in space.neighbours(cell)}
    assert nb101_cell.canonical(cell) not in wanted
    for one in list(wanted)[:5]:
        back = {space.canonical(other) for other in space.neighbours(one)}
        assert space.canonical(cell) in back
