"""The classes of NAS-Bench-201 cells, against evaluation of the cells themselves."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter
from scipy.signal import correlate

from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.canonical import canonical, live_edges
from naslib_proxydata.spaces.nb201.cell import CONV_3X3, EDGES, NONE, OPERATIONS, POOL, SKIP, Cell
from naslib_proxydata.spaces.nb201.space import NasBench201

SPACE = NasBench201()
EVERY = [Cell(operations) for operations in product(OPERATIONS, repeat=6)]
cells = st.tuples(*[st.sampled_from(OPERATIONS)] * 6).map(Cell)


def paths(cell: Cell) -> list[list[tuple[int, int]]]:
    """Return every path of edges other than ``none`` from node 0 to node 3."""
    live = [edge for edge, op in zip(EDGES, cell.operations, strict=True) if op != NONE]
    found = []
    for inner in ([], [1], [2], [1, 2]):
        nodes = [0, *inner, 3]
        path = list(pairwise(nodes))
        if all(edge in live for edge in path):
            found.append(path)
    return found


def test_live_edges_are_those_on_a_path() -> None:
    for cell in EVERY[::3]:
        assert live_edges(cell) == {edge for path in paths(cell) for edge in path}
        assert SPACE.carries_signal(cell) == bool(paths(cell))


def evaluate(
    cell: Cell, image: np.ndarray, kernels: dict[tuple[int, int], np.ndarray]
) -> np.ndarray:
    """Compute the output of a cell without dead edges for one channel, from the definition.

    A constant stands for the normalisation: without it twice the input of a convolution would be
    twice its output, which is not so in the network.
    """
    nodes = [image] + [np.zeros_like(image) for _ in range(3)]
    for (source, target), operation in zip(EDGES, cell.operations, strict=True):
        value = nodes[source]
        if operation == SKIP:
            nodes[target] = nodes[target] + value
        elif operation == POOL:
            inside = uniform_filter(np.ones_like(value), 3, mode="constant")
            nodes[target] = nodes[target] + uniform_filter(value, 3, mode="constant") / inside
        elif operation == CONV_3X3:
            active = correlate(np.maximum(value, 0), kernels[source, target], mode="same")
            nodes[target] = nodes[target] + active + 0.1
    return nodes[3]


def test_classes_are_those_of_the_values() -> None:
    # All cells of none, skip, 3x3 and pool with at most two live convolutions: those of one
    # class take the same values for some order of the weights, those of two classes never do.
    generator = numpy_generator("classes")
    image = generator.normal(size=(6, 6))
    weights = [generator.normal(size=(3, 3)) for _ in range(2)]
    classes: dict[tuple[tuple[float, ...], ...], set[Cell]] = {}
    for operations in product((NONE, SKIP, CONV_3X3, POOL), repeat=6):
        cell = Cell(operations)
        cell = cell.keep(edge for path in paths(cell) for edge in path)
        edges = [(i, j) for i, j, operation in cell.edges() if operation == CONV_3X3]
        if len(edges) > 2:
            continue
        orders = permutations(weights[: len(edges)])
        outputs = [evaluate(cell, image, dict(zip(edges, order, strict=True))) for order in orders]
        value = tuple(sorted(tuple(np.round(one, 7).ravel() + 0.0) for one in outputs))
        classes.setdefault(value, set()).add(canonical(Cell(operations)))
    assert all(len(forms) == 1 for forms in classes.values())
    forms = [form for (form,) in classes.values()]
    assert len(set(forms)) == len(forms) > 300


def test_number_of_classes() -> None:
    forms = {cell: canonical(cell) for cell in EVERY}
    assert len(set(forms.values())) == 5_044
    assert len({cell.keep(live_edges(cell)) for cell in EVERY}) == 9_445
    assert sum(not SPACE.carries_signal(cell) for cell in EVERY) == 341
    for cell, form in forms.items():
        assert forms[form] == form
        assert len(list(form.edges())) <= len(live_edges(cell))


def published_text(cell: Cell) -> str:
    """The text by which the paper counts classes: sums of nested operations, zeros marked."""
    nodes = ["0"]
    for target in (1, 2, 3):
        terms = []
        for (source, end), operation in zip(EDGES, cell.operations, strict=True):
            if end == target:
                inner = nodes[source]
                dead = operation == NONE or inner == "#"
                named = inner if operation == SKIP else f"({inner})@{operation}"
                terms.append("#" if dead else named)
        nodes.append("+".join(sorted(terms)))
    return nodes[3]


def test_the_papers_count() -> None:
    # 6,466 in arXiv 2001.00326, section 2.2. Neither partition refines the other.
    texts = [published_text(cell) for cell in EVERY]
    forms = [canonical(cell) for cell in EVERY]
    assert len(set(texts)) == 6_466
    assert len(set(zip(texts, forms, strict=True))) == 6_900


def test_weights_of_live_convolutions_are_kept() -> None:
    for cell in EVERY[::7]:
        live = cell.keep(live_edges(cell))
        assert SPACE.params(canonical(cell)) == SPACE.params(live)


@given(cells, st.sampled_from(OPERATIONS), st.sampled_from(EDGES))
def test_hash_ignores_dead_edges(cell: Cell, operation: str, edge: tuple[int, int]) -> None:
    reached = {0} | {path[-1] for path in _prefixes(cell)}
    useful = {3} | {path[0] for path in _suffixes(cell)}
    if edge[0] in reached and edge[1] in useful:
        return
    operations = tuple(
        operation if one == edge else old for one, old in zip(EDGES, cell.operations, strict=True)
    )
    assert SPACE.hash(Cell(operations)) == SPACE.hash(cell)


@given(cells)
def test_hash_ignores_the_names_of_inner_nodes(cell: Cell) -> None:
    first, second, _, last, first_out, second_out = cell.operations
    cell = Cell((first, second, NONE, last, first_out, second_out))
    swapped = Cell((second, first, NONE, last, second_out, first_out))
    assert SPACE.hash(cell) == SPACE.hash(swapped)


@pytest.mark.parametrize("operation", OPERATIONS[1:])
def test_hash_sees_through_skips(operation: str) -> None:
    # op(0) reached directly, or through nodes that only pass it on.
    direct = Cell((NONE, NONE, NONE, operation, NONE, NONE))
    before = Cell((SKIP, NONE, SKIP, NONE, NONE, operation))
    after = Cell((operation, NONE, SKIP, NONE, NONE, SKIP))
    assert SPACE.hash(direct) == SPACE.hash(before) == SPACE.hash(after)
    assert SPACE.canonical(before) == SPACE.canonical(after) == SPACE.canonical(direct)


def _prefixes(cell: Cell) -> list[list[int]]:
    """Return the node lists of all paths that begin at the input."""
    return _walks(cell, starts=[0], ends=range(1, 4))


def _suffixes(cell: Cell) -> list[list[int]]:
    """Return the node lists of all paths that end at the output."""
    return _walks(cell, starts=range(3), ends=[3])


def _walks(cell: Cell, starts: object, ends: object) -> list[list[int]]:
    open_edges = {edge for edge, op in zip(EDGES, cell.operations, strict=True) if op != NONE}
    walks = []
    for length in (2, 3, 4):
        for nodes in permutations(range(4), length):
            path = list(pairwise(nodes))
            inside = nodes[0] in starts and nodes[-1] in ends  # type: ignore[operator]
            if inside and all(edge in open_edges for edge in path):
                walks.append(list(nodes))
    return walks
