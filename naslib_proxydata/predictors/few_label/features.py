"""Structural features of an architecture, computed from its labelled graphs.

After GRAF (Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural Graph
Features", ICML 2024, arXiv 2404.16551, section 4): operation counts, paths by the operations they
may use, degrees of input, output and the nodes between. Added are the counts of live edges and
the most and fewest uses of an operation on any path. Each kind of feature is kept apart, so that
one does not outweigh another by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from naslib_proxydata.spaces.common.graph import LINK, Edge, Graph, GraphView

MANY_OPERATIONS = 5
"""From so many operations on, not all subsets are looked at: their number doubles with each."""


def structure_features(view: GraphView) -> dict[str, dict[str, float]]:
    """Return the features by kind and name: the same, in the same order, for a whole space."""
    found: dict[str, dict[str, float]] = {}
    if view.numbers:
        found["numbers"] = {name: float(value) for name, value in view.numbers.items()}
    for name, graph in view.graphs.items():
        for kind, features in graph_features(graph, view.operations).items():
            named = {f"{name}: {key}": value for key, value in features.items()}
            found[kind] = {**found.get(kind, {}), **named}
    return found


def graph_features(graph: Graph, operations: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return the features of one graph by kind and name; all but plain counts are of live edges.

    The kinds are ``counts``, ``uses`` (on any path), ``paths`` and ``degrees``.
    """
    live = graph.live()
    counts: dict[str, float] = {}
    uses: dict[str, float] = {}
    for operation in operations:
        counts[f"count {operation}"] = float(_count(graph, operation))
        counts[f"live {operation}"] = float(_count(live, operation))
        most, fewest = uses_on_a_path(live, operation)
        uses[f"most {operation} on a path"] = most
        uses[f"fewest {operation} on a path"] = fewest
    paths: dict[str, float] = {}
    reached: dict[str, float] = {}
    for subset in operation_subsets(operations):
        name = "+".join(sorted(subset))
        shortest, longest, number = path_lengths(live, subset)
        paths[f"shortest {name}"] = shortest
        paths[f"longest {name}"] = longest
        paths[f"paths {name}"] = number
        reached |= {f"{where} {name}": value for where, value in degrees(live, subset).items()}
    return {"counts": counts, "uses": uses, "paths": paths, "degrees": reached}


def operation_subsets(operations: tuple[str, ...]) -> Iterator[frozenset[str]]:
    """Yield the subsets of operations that paths may be made of.

    All that are not empty; of :data:`MANY_OPERATIONS` or more, those of one operation, of all
    but one, and of all.
    """
    n = len(operations)
    sizes = range(1, n + 1) if n < MANY_OPERATIONS else (1, n - 1, n)
    for size in sizes:
        yield from map(frozenset, combinations(operations, size))


def path_lengths(graph: Graph, operations: frozenset[str]) -> tuple[float, float, float]:
    """Return shortest and longest length, and number, of the paths made of some operations.

    The length is the number of edges that are no links. Where there is no path the shortest
    is the number of nodes, more than any path has, and the longest is 0.
    """
    found: dict[int, tuple[int, int, int]] = {0: (0, 0, 1)}
    for source, target, operation in _by_source(graph):
        if source not in found or not (operation == LINK or operation in operations):
            continue
        step = operation != LINK
        short, long, paths = found[source]
        before = found.get(target, (graph.nodes, 0, 0))
        found[target] = (
            min(before[0], short + step),
            max(before[1], long + step),
            before[2] + paths,
        )
    shortest, longest, paths = found.get(graph.nodes - 1, (graph.nodes, 0, 0))
    return float(shortest), float(longest), float(paths)


def uses_on_a_path(graph: Graph, operation: str) -> tuple[float, float]:
    """Return the most and the fewest uses of an operation on any path, -1 where there is none."""
    found: dict[int, tuple[int, int]] = {0: (0, 0)}
    for source, target, used in _by_source(graph):
        if source not in found:
            continue
        most, fewest = (uses + (used == operation) for uses in found[source])
        before = found.get(target, (most, fewest))
        found[target] = max(before[0], most), min(before[1], fewest)
    most, fewest = found.get(graph.nodes - 1, (-1, -1))
    return float(most), float(fewest)


def degrees(graph: Graph, operations: frozenset[str]) -> Mapping[str, float]:
    """Return degrees that count edges of some operations, seen through links.

    An edge behind a link counts as if it began where the link does. The three are the edges that
    leave the input, those that reach the output, and those that reach a node between, on average.
    """
    last = graph.nodes - 1
    leaving: dict[int, int] = {}
    for node in range(last, -1, -1):
        leaving[node] = sum(
            leaving[target] if operation == LINK else operation in operations
            for source, target, operation in graph.edges
            if source == node
        )
    arriving: dict[int, int] = {}
    for node in range(graph.nodes):
        arriving[node] = sum(
            arriving[source] if operation == LINK else operation in operations
            for source, target, operation in graph.edges
            if target == node
        )
    between = sum(arriving[node] for node in range(1, last)) / max(1, last - 1)
    return {
        "out of input": float(leaving[0]),
        "into output": float(arriving[last]),
        "into others": between,
    }


def _count(graph: Graph, operation: str) -> int:
    return sum(edge[2] == operation for edge in graph.edges)


def _by_source(graph: Graph) -> list[Edge]:
    """Return the edges in an order in which all that reach a node come before those leaving."""
    return sorted(graph.edges)
