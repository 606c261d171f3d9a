from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.tables import nb101 as tables
from naslib_proxydata.testing import SearchSpaceContract

SPACE = NasBench101()
INCEPTION_MATRIX = [
    [0, 1, 1, 1, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0],
]
INCEPTION_OPS = [
    "input",
    "conv1x1-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "maxpool3x3",
    "output",
]


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> NasBench101:
        return SPACE


def test_hashes_and_parameters_of_measured_cells(shared_data: Path) -> None:
    """Every sixth of the 30,001 cells; ``benchmarks/check_tables.py`` looks at all."""
    table = tables.load(shared_data)
    for row in range(0, len(table), 6):
        cell = SPACE.parse(table.architectures()[row])
        assert SPACE.hash(cell) == table.hashes[row].decode()
        assert SPACE.params(cell) == table.params[row]


def test_formulas_equal_the_network(shared_data: Path) -> None:
    table = tables.load(shared_data)
    sizes = {len(text): text for text in table.architectures()}
    for text in sizes.values():
        cell = SPACE.parse(text)
        network = on_meta(lambda cell=cell: SPACE.construct_network(cell, 7, 3))
        assert SPACE.params(cell, num_classes=7) == count_params(network)
        for size in (32, 30):
            counted = count_macs(network, in_channels=3, image_size=size)
            assert SPACE.macs(cell, num_classes=7, image_size=size) == counted


def test_the_published_example() -> None:
    """The Inception-like cell of the paper's figure 1 has 2,694,282 parameters."""
    cell = SPACE.from_matrix(INCEPTION_MATRIX, INCEPTION_OPS)
    assert SPACE.params(cell) == 2_694_282


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.permutations(range(1, 6)))
def test_isomorphic_cells_are_one(seed: int, order: list[int]) -> None:
    """Any reordering of the vertices that stays triangular keeps hash and canonical form."""
    cell = SPACE.sample(np.random.default_rng(seed))
    vertices = [0, *order, 6]
    matrix = np.array(cell.rows)[np.ix_(vertices, vertices)].astype(int)
    if np.tril(matrix).any():
        return
    names = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
    ops = ["input", *(names[cell.ops[v - 1]] for v in order), "output"]
    other = SPACE.from_matrix(matrix.tolist(), ops)
    assert SPACE.hash(other) == SPACE.hash(cell)
    assert SPACE.canonical(other) == SPACE.canonical(cell)


def test_canonical_form_and_hash_agree() -> None:
    """Equal hashes exactly where canonical forms are equal, over cells of 4 vertices."""
    by_hash: dict[str, set[Any]] = {}
    for bits in range(64):
        for ops in ("00", "01", "10", "21", "12"):
            try:
                cell = SPACE.parse(f"{bits:06b}:{ops}")
            except ArchitectureError:
                continue
            by_hash.setdefault(SPACE.hash(cell), set()).add(SPACE.canonical(cell))
    assert len(by_hash) > 20
    assert all(len(forms) == 1 for forms in by_hash.values())
    assert len({next(iter(forms)) for forms in by_hash.values()}) == len(by_hash)


def test_dangling_vertices_are_pruned() -> None:
    """One convolution from input to output, beside vertices that lead nowhere."""
    plain = SPACE.parse("101:0")
    dangling = SPACE.parse("1100011000:021")
    assert SPACE.hash(plain) == SPACE.hash(dangling)
    assert SPACE.canonical(dangling) == plain
    assert SPACE.params(plain) == SPACE.params(dangling)


def test_a_small_cell_can_grow_to_seven_vertices() -> None:
    cell = SPACE.parse("1:")
    for step in range(30):
        cell = SPACE.mutate(cell, numpy_generator(step, "grow"))
    assert cell.vertices == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1:0", "not a NAS-Bench-101 cell"),
        ("101:3", "not a NAS-Bench-101 cell"),
        ("121:0", "not a NAS-Bench-101 cell"),
        ("1" * 28 + ":000000", "at most 7 vertices"),
        ("1" * 21 + ":00000", "at most 9 edges"),
        ("0" * 21 + ":00000", "no path"),
        ("|nor_conv_3x3~0|+|none~0|none~1|", "not a NAS-Bench-101 cell"),
        ("64-41414-3_33_333", "not a NAS-Bench-101 cell"),
    ],
)
def test_bad_texts_say_why(text: str, reason: str) -> None:
    with pytest.raises(ArchitectureError, match=reason):
        SPACE.parse(text)


@pytest.mark.parametrize(
    ("matrix", "ops"),
    [
        ([[0, 1], [1, 0]], ["input", "output"]),
        ([[0, 1]], ["input", "output"]),
        ([[0, 1], [0, 0]], ["output", "input"]),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv5x5", "output"]),
    ],
)
def test_bad_matrices_are_refused(matrix: list[list[int]], ops: list[str]) -> None:
    with pytest.raises(ArchitectureError):
        SPACE.from_matrix(matrix, ops)
