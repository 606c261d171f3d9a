"""Genotypes: a normal and a reduction cell of two edges a node, as values (no torch).

The notation of DARTS (arXiv 1806.09055): nodes 0 and 1 are the outputs of the two cells before;
node i + 2 is the sum of edges 2i and 2i + 1, each an operation on an earlier node; the cell's
output is the concatenation of some nodes.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from naslib_proxydata.errors import ArchitectureError, closest, printable, shown
from naslib_proxydata.spaces.common.graph import LINK, Graph

NONE = "none"
Edge = tuple[str, int]
"""(operation, source node)."""
MAX_TEXT = 20_000
_LONGEST_CAUSE = 200


@dataclass(frozen=True)
class CellGenotype:
    """One cell.

    Attributes:
        edges: Two for each node, in the order of the nodes.
        concat: The nodes whose concatenation is the output.
    """

    edges: tuple[Edge, ...]
    concat: tuple[int, ...]

    def node(self, node: int) -> tuple[Edge, Edge]:
        """Return the two edges of a node, which counts from 2."""
        return self.edges[2 * node - 4], self.edges[2 * node - 3]

    def nodes(self) -> range:
        """Return the nodes that have edges."""
        return range(2, 2 + len(self.edges) // 2)

    def alive(self, inputs: tuple[bool, bool]) -> list[bool]:
        """Return which nodes depend on the cell's inputs, of which those given do."""
        alive = list(inputs)
        for node in self.nodes():
            alive.append(any(op != NONE and alive[source] for op, source in self.node(node)))
        return alive

    def canonical(self) -> CellGenotype:
        """Return the representative of the cells that compute the same function.

        The two edges of a node are in order; edges from nodes that are always zero are "none",
        and "none" starts at node 0; concatenated nodes ascend.
        """
        alive = self.alive((True, True))
        edges: list[Edge] = []
        for node in self.nodes():
            live = [edge for edge in self.node(node) if edge[0] != NONE and alive[edge[1]]]
            edges += sorted([*live, *[(NONE, 0)] * (2 - len(live))])
        return CellGenotype(tuple(edges), tuple(sorted(self.concat)))

    def graph(self) -> Graph:
        """Return the cell as a graph: both inputs are its input, its output the concatenation."""
        last = self.nodes().stop - 1
        edges = [
            (max(0, source - 1), node - 1, op)
            for node in self.nodes()
            for op, source in self.node(node)
            if op != NONE
        ]
        return Graph(last + 1, (*edges, *((node - 1, last, LINK) for node in self.concat)))


@dataclass(frozen=True)
class Genotype:
    """A normal cell and a reduction cell."""

    normal: CellGenotype
    reduce: CellGenotype

    def canonical(self) -> Genotype:
        """Return the genotype of both cells' canonical forms."""
        return Genotype(self.normal.canonical(), self.reduce.canonical())

    def fields(self) -> dict[str, list[Any]]:
        """Return the four fields of the usual named tuple, as plain lists."""
        return {
            "normal": [list(edge) for edge in self.normal.edges],
            "normal_concat": list(self.normal.concat),
            "reduce": [list(edge) for edge in self.reduce.edges],
            "reduce_concat": list(self.reduce.concat),
        }


FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")


def from_fields(fields: Any, operations: Sequence[str], nodes: int) -> Genotype:
    """Make a genotype of the four fields of the usual named tuple.

    Args:
        fields: A mapping of the fields to lists.
        operations: The names that edges may have.
        nodes: How many nodes a cell has besides its two inputs.

    Raises:
        ArchitectureError: A field is absent or holds something else; the field is named.
    """
    if not isinstance(fields, dict) or set(fields) != set(FIELDS):
        got = sorted(map(str, fields)) if isinstance(fields, dict) else fields
        raise ArchitectureError(f"expected the fields {', '.join(FIELDS)}, got {got}")
    normal, reduce = (
        CellGenotype(
            _edges(fields[name], name, operations, nodes),
            _concat(fields[f"{name}_concat"], f"{name}_concat", nodes),
        )
        for name in ("normal", "reduce")
    )
    return Genotype(normal, reduce)


def _edges(field: Any, name: str, operations: Sequence[str], nodes: int) -> tuple[Edge, ...]:
    if not isinstance(field, list | tuple) or len(field) != 2 * nodes:
        raise ArchitectureError(f"{name}: expected {2 * nodes} edges, got {shown(field)}")
    edges = []
    for place, edge in enumerate(field):
        if not isinstance(edge, list | tuple) or len(edge) != 2:
            raise ArchitectureError(f"{name}: expected (operation, source), got {shown(edge)}")
        op, source = edge
        if op not in operations:
            hint = closest(op, operations) if isinstance(op, str) else ""
            raise ArchitectureError(
                f"{name}: unknown operation {shown(op)}.{hint} Known: {', '.join(operations)}"
            )
        node = 2 + place // 2
        if type(source) is not int or not 0 <= source < node:
            raise ArchitectureError(f"{name}: node {node} cannot have the source {shown(source)}")
        edges.append((str(op), source))
    return tuple(edges)


def _concat(field: Any, name: str, nodes: int) -> tuple[int, ...]:
    known = range(2, 2 + nodes)
    # The length first: a range of a thousand million nodes is a short text.
    valid = isinstance(field, list | tuple | range) and 0 < len(field) <= nodes
    if (
        not valid
        or any(type(node) is not int or node not in known for node in field)
        or len(set(field)) != len(field)
    ):
        raise ArchitectureError(
            f"{name}: expected some of the nodes {list(known)}, got {shown(field)}"
        )
    return tuple(field)


def parse_text(text: str, operations: Sequence[str], nodes: int) -> Genotype:
    """Read ``Genotype(normal=[(op, source), ...], normal_concat=[...], ...)``.

    The text is taken apart, never evaluated: only lists, tuples, strings, integers and
    ``range(a, b)`` are understood.

    Raises:
        ArchitectureError: The text is anything else.
    """
    try:
        if len(text) > MAX_TEXT:
            raise ValueError("the text is too long")
        call = _call_of(ast.parse(text.strip(), mode="eval").body, "Genotype")
        if call is None or call.args:
            raise ValueError("not Genotype with four keywords")
        fields = {keyword.arg: _literal(keyword.value) for keyword in call.keywords}
    except Exception as error:  # Python's parser can fail in nearly every way
        said = printable(str(error))[:_LONGEST_CAUSE]
        raise ArchitectureError(
            f"not a genotype: {text[:80]!r}; expected Genotype(normal=[('op', source), ...], "
            f"normal_concat=[...], reduce=[...], reduce_concat=[...]) ({said})"
        ) from None
    return from_fields(fields, operations, nodes)


def genotype_text(genotype: Genotype) -> str:
    """Return the text that :func:`parse_text` reads."""
    normal, reduce = genotype.normal, genotype.reduce
    return (
        f"Genotype(normal={list(normal.edges)}, normal_concat={list(normal.concat)}, "
        f"reduce={list(reduce.edges)}, reduce_concat={list(reduce.concat)})"
    )


def _literal(node: ast.expr) -> Any:
    bounds = _call_of(node, "range")
    if bounds is None:
        return ast.literal_eval(node)
    return range(*(ast.literal_eval(argument) for argument in bounds.args))


def _call_of(node: ast.expr, name: str) -> ast.Call | None:
    """Return the node if it is written as a call of that name."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        return node
    return None
