from __future__ import annotations

import itertools

import numpy as np
import pytest

from naslib_proxydata.predictors.zero_label.structure import (
    is_pooling,
    is_trained,
    shortest_trained_path,
    shortest_without_pooling,
)
from naslib_proxydata.spaces.common.graph import LINK, Graph, GraphView
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201


def every_path(graph: Graph) -> list[list[str]]:
    """Return the operations of every path, found by walking all of them."""
    found: list[list[str]] = []

    def walk(node: int, operations: list[str]) -> None:
        if node == graph.nodes - 1:
            found.append(operations)
        for source, target, operation in graph.edges:
            if source == node:
                walk(target, [*operations, operation])

    walk(0, [])
    return found


@pytest.mark.parametrize("space", [NasBench201(), NasBench101()], ids=lambda space: space.name)
def test_shortest_path_is_that_of_walking_every_path(space) -> None:
    generator = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        cell = space.canonical(space.sample(generator))
        if not space.carries_signal(cell):
            continue
        (graph,) = space.graph_view(cell).graphs.values()
        paths = every_path(graph.live())
        free = [path for path in paths if not any(map(is_pooling, path))]
        if free:
            expected = min(sum(map(is_trained, path)) for path in free)
        else:
            expected = 1 + max(sum(operation != LINK for operation in path) for path in paths)
        assert shortest_without_pooling(graph.live()) == expected
        seen.add((bool(free), expected))
    assert {free for free, _ in seen} == {True, False}
    assert len(seen) > 3


def test_several_graphs_are_averaged_and_none_is_zero() -> None:
    short = Graph(3, ((0, 2, "skip"),))
    deep = Graph(3, ((0, 1, "sep_conv_3x3"), (1, 2, "conv_1x1"), (0, 2, "max_pool_3x3")))
    view = GraphView(("skip",), {"normal": short, "reduce": deep})
    assert shortest_trained_path(view) == pytest.approx((0 + 2) / 2)
    assert shortest_trained_path(GraphView()) == 0


def test_edges_in_any_order_and_side_branches_change_nothing() -> None:
    edges = ((0, 1, "conv_1x1"), (1, 3, "skip"), (0, 2, "avg_pool_3x3"), (2, 3, "skip"))
    for order in itertools.permutations(edges):
        assert shortest_without_pooling(Graph(4, order)) == 1
