"""The view of an architecture that structural features are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LINK = ""
"""The operation of an edge that only connects: part of every path, and of no length."""

Edge = tuple[int, int, str]
"""(source, target, operation)."""


@dataclass(frozen=True)
class Graph:
    """A directed acyclic graph whose edges carry operations.

    A space with operations on its vertices turns each vertex into an edge that carries the
    operation, from a node where connections arrive to one where they leave; the connections
    are edges with :data:`LINK`.

    Attributes:
        nodes: Number of nodes, one and the same for all architectures of a space; node 0 is
            the input, the last one the output. Nodes may be without edges.
        edges: Every edge leads to a node of a higher number. Two may connect the same nodes.
    """

    nodes: int
    edges: tuple[Edge, ...]

    def __post_init__(self) -> None:
        """Refuse an edge that leads nowhere or back."""
        for source, target, _ in self.edges:
            if not 0 <= source < target < self.nodes:
                raise ValueError(
                    f"edge {source}-{target}: expected 0 <= source < target < {self.nodes}"
                )

    def live(self) -> Graph:
        """Return the graph of the edges that lie on a path from input to output."""
        reached, useful = {0}, {self.nodes - 1}
        for source, target, _ in sorted(self.edges):
            if source in reached:
                reached.add(target)
        for source, target, _ in sorted(self.edges, key=lambda edge: edge[1], reverse=True):
            if target in useful:
                useful.add(source)
        return Graph(
            self.nodes,
            tuple(edge for edge in self.edges if edge[0] in reached and edge[1] in useful),
        )


@dataclass(frozen=True)
class GraphView:
    """An architecture as labelled graphs and numbers.

    The names of graphs and numbers, and the operations, are the same for all architectures of a
    space, so that features line up.

    Attributes:
        operations: Every operation that an edge of the space may carry, :data:`LINK` not among
            them.
        graphs: The searched graphs by name, such as a normal and a reduction cell.
        numbers: What a graph does not say, such as depth, or the width of each stage.
    """

    operations: tuple[str, ...] = ()
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


SKIP, POOLING, POINTWISE, CONVOLUTION = "skip", "pooling", "1x1 convolution", "convolution"
COMMON_OPERATIONS = (SKIP, POOLING, POINTWISE, CONVOLUTION)
"""What the operations of all spaces are kinds of."""


def common_view(view: GraphView) -> GraphView:
    """Return a view with the operations of all spaces, so that features line up between spaces.

    The kind of an operation is told by its name: ``skip``, ``pool`` or ``1x1`` in it, else it is a
    convolution of a larger window, of whatever make.
    """
    return GraphView(
        COMMON_OPERATIONS,
        {name: _with_kinds(graph) for name, graph in view.graphs.items()},
        view.numbers,
    )


def common_operation(operation: str) -> str:
    """Return the kind of an operation."""
    name = operation.casefold()
    kinds = {"skip": SKIP, "pool": POOLING, "1x1": POINTWISE}
    return next((kind for part, kind in kinds.items() if part in name), CONVOLUTION)


def _with_kinds(graph: Graph) -> Graph:
    edges = (
        (source, target, operation if operation == LINK else common_operation(operation))
        for source, target, operation in graph.edges
    )
    return Graph(graph.nodes, tuple(edges))
