"""Which NAS-Bench-201 cells compute the same function, and the simplest one of each class.

The benchmark's paper (arXiv 2001.00326, section 2.2) counts 6,466 classes by comparing texts in
which ``none`` and ``skip_connect`` are left out. Those texts forget which convolution is which:
``w(x) + w(x)``, one convolution used twice, counts as ``w(x) + v(x)``, which has other weights;
and they miss that sums may be regrouped. Here two cells are equal only if their weights can be
matched one to one so that both compute the same for all weights and inputs. Used are:

1. an edge that no path from input to output crosses carries nothing (a convolution of zero
   stays zero while the shift of its normalisation is zero, as it is before training);
2. ``skip_connect`` is the identity, so values add up along it;
3. pooling is linear: the pool of a sum is the sum of the pools;
4. addition commutes, and the convolutions may be renamed.

Rounding aside, all four are exact. They give 5,044 classes (9,445 with the first alone); 341
of the 15,625 cells carry no signal at all and form one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby, permutations, product
from typing import Any, TypeAlias

from naslib_proxydata.spaces.nb201.cell import (
    EDGES,
    NODES,
    OPERATIONS,
    POOL,
    SKIP,
    Cell,
)

Edge: TypeAlias = tuple[int, int]
Value: TypeAlias = Counter[tuple[int, "Edge | None"]]
"""A sum: how often each term occurs. A term is (number of poolings, the edge of the convolution
whose output is pooled, or None for the cell's input)."""

Expression: TypeAlias = tuple[Any, ...]


def live_edges(cell: Cell) -> frozenset[Edge]:
    """Return the edges that lie on a path from the input (node 0) to the output."""
    edges = [(source, target) for source, target, _ in cell.edges()]
    reached = {0}
    for source, target in edges:  # ordered by target, so one pass is enough
        if source in reached:
            reached.add(target)
    useful = {cell.nodes - 1}
    for source, target in reversed(edges):
        if target in useful:
            useful.add(source)
    return frozenset(edge for edge in edges if edge[0] in reached and edge[1] in useful)


def canonical(cell: Cell) -> Cell:
    """Return the simplest cell of the same function: fewest edges, then smallest codes."""
    return _representatives()[expression(cell)]


def expression(cell: Cell) -> Expression:
    """Return what the cell computes, the same for cells that compute the same.

    The output is written as a sum of terms, with its convolutions listed as (operation, value
    that it convolves) and numbered; of all numberings, the one with the smallest writing.
    """
    operations = {(source, target): op for source, target, op in cell.edges()}
    values = _node_values(cell)
    used = _reachable(values[-1], values)
    shapes = {
        edge: (operations[edge], _shape(values[edge[0]], operations, values)) for edge in used
    }
    writings = []
    for numbers in _numberings(shapes):
        in_order = sorted(numbers, key=numbers.__getitem__)
        inputs = [(operations[edge], _numbered(values[edge[0]], numbers)) for edge in in_order]
        writings.append((*inputs, _numbered(values[-1], numbers)))
    return min(writings)


def _node_values(cell: Cell) -> list[Value]:
    """Return the value of each node as a sum of terms."""
    values: list[Value] = [Counter() for _ in range(NODES)]
    values[0][0, None] = 1
    for source, target, operation in cell.edges():
        value = values[source]
        if operation == SKIP:
            values[target] += value
        elif operation == POOL:
            values[target] += Counter({(pools + 1, of): n for (pools, of), n in value.items()})
        elif value:
            values[target][0, (source, target)] += 1
    return values


def _reachable(value: Value, values: list[Value]) -> set[Edge]:
    """Return the convolutions that a value depends on."""
    found = {edge for _, edge in value if edge is not None}
    return found.union(*(_reachable(values[edge[0]], values) for edge in found))


def _shape(value: Value, operations: Mapping[Edge, str], values: list[Value]) -> Expression:
    """Write a value out in full, forgetting which convolution is which."""
    terms = (
        (count, pools)
        if edge is None
        else (count, pools, operations[edge], _shape(values[edge[0]], operations, values))
        for (pools, edge), count in value.items()
    )
    return tuple(sorted(terms))


def _numberings(shapes: Mapping[Edge, Expression]) -> Iterator[dict[Edge, int]]:
    """Number the convolutions by shape; those of one shape in every possible order."""
    ordered = sorted(shapes, key=shapes.__getitem__)
    groups = [list(group) for _, group in groupby(ordered, key=shapes.__getitem__)]
    for orders in product(*(permutations(group) for group in groups)):
        yield {edge: number for number, edge in enumerate(e for order in orders for e in order)}


def _numbered(value: Value, numbers: Mapping[Edge, int]) -> Expression:
    terms = (
        (pools, -1 if edge is None else numbers[edge], count)
        for (pools, edge), count in value.items()
    )
    return tuple(sorted(terms))


@cache
def _representatives() -> dict[Expression, Cell]:
    """Return the simplest cell of each expression, about half a second for all 15,625."""
    every = (Cell(operations) for operations in product(OPERATIONS, repeat=len(EDGES)))
    simplest: dict[Expression, Cell] = {}
    # The product counts upwards in codes, and sorting is stable.
    for cell in sorted(every, key=lambda cell: len(list(cell.edges()))):
        simplest.setdefault(expression(cell), cell)
    return simplest
