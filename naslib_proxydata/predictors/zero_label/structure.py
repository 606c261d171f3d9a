"""What the graph of a cell says about it without labels: its shortest way through.

The kind of an operation is told by its name, as all spaces of the package name theirs: ``conv``
is in that of every trained one, ``pool`` in that of every pooling one, and others (``skip``, a
link) pass features on. A plugin's space that names them otherwise has neither.
"""

from __future__ import annotations

from statistics import fmean

from naslib_proxydata.spaces.common.graph import LINK, Graph, GraphView


def is_trained(operation: str) -> bool:
    """Return whether an operation has weights."""
    return "conv" in operation


def is_pooling(operation: str) -> bool:
    """Return whether an operation is a pooling."""
    return "pool" in operation


def shortest_trained_path(view: GraphView) -> float:
    """Return the fewest trained operations on a path without pooling, mean over searched graphs.

    0 where a space has no graphs.
    """
    lengths = [shortest_without_pooling(graph.live()) for graph in view.graphs.values()]
    return fmean(lengths) if lengths else 0.0


def shortest_without_pooling(graph: Graph) -> int:
    """Return the fewest trained operations on a path from input to output without pooling.

    Args:
        graph: Of live edges.

    Returns:
        One more than the most operations on any path, where all paths have a pooling: such a cell
        is worse than the longest.
    """
    fewest, longest = {0: 0}, {0: 0}
    for source, target, operation in sorted(graph.edges):
        longest[target] = max(longest.get(target, 0), longest[source] + (operation != LINK))
        if source in fewest and not is_pooling(operation):
            through = fewest[source] + is_trained(operation)
            fewest[target] = min(fewest.get(target, through), through)
    last = graph.nodes - 1
    return fewest.get(last, longest.get(last, 0) + 1)
