"""Structural features against the enumeration of all paths, and on cells worked out by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.predictors.few_label.features import (
    degrees,
    graph_features,
    operation_subsets,
    path_lengths,
    structure_features,
    uses_on_a_path,
)
from naslib_proxydata.spaces.common.graph import LINK, Graph, GraphView
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.nds.spaces import make_space
from naslib_proxydata.spaces.transnas.macro import TransNasMacro
from naslib_proxydata.spaces.transnas.micro import TransNasMicro

OPERATIONS = ("a", "b", "c")
SPACES = (
    NasBench201(),
    NasBench101(),
    TransNasMicro(),
    TransNasMacro(),
    Darts(),
    NasBenchMr(),
    *map(make_space, ("nds-enas", "nds-nasnet-in", "nds-resnext-a-in", "nds-vanilla")),
)


def flat(kinds):
    """Put the features of all kinds into one dictionary."""
    return {name: value for kind in kinds.values() for name, value in kind.items()}


@st.composite
def graphs(draw):
    """Draw graphs of up to 6 nodes; some nodes are joined twice, some not at all."""
    nodes = draw(st.integers(2, 6))
    pairs = list(combinations(range(nodes), 2))
    edge = st.tuples(st.sampled_from(pairs), st.sampled_from((*OPERATIONS, LINK)))
    edges = draw(st.lists(edge, max_size=9))
    return Graph(nodes, tuple((*pair, operation) for pair, operation in edges))


def every_path(graph, at=0):
    """List the operations along each path from a node to the output, one list a path."""
    if at == graph.nodes - 1:
        return [[]]
    return [
        [operation, *rest]
        for source, target, operation in graph.edges
        if source == at
        for rest in every_path(graph, target)
    ]


@given(graphs(), st.sets(st.sampled_from(OPERATIONS)))
@settings(max_examples=150, deadline=None)
def test_paths_agree_with_their_enumeration(graph, allowed):
    paths = [path for path in every_path(graph) if set(path) <= allowed | {LINK}]
    lengths = [sum(operation != LINK for operation in path) for path in paths]
    expected = (min(lengths), max(lengths), len(paths)) if paths else (graph.nodes, 0, 0)
    assert path_lengths(graph, frozenset(allowed)) == expected


@given(graphs(), st.sampled_from(OPERATIONS))
@settings(max_examples=100, deadline=None)
def test_uses_on_a_path_agree_with_the_enumeration(graph, operation):
    uses = [path.count(operation) for path in every_path(graph)]
    assert uses_on_a_path(graph, operation) == ((max(uses), min(uses)) if uses else (-1, -1))


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_live_edges_are_those_on_a_path(graph):
    def reaches(start, goal):
        return start == goal or any(
            reaches(target, goal) for source, target, _ in graph.edges if source == start
        )

    last = graph.nodes - 1
    expected = [edge for edge in graph.edges if reaches(0, edge[0]) and reaches(edge[1], last)]
    assert list(graph.live().edges) == expected


def test_degrees_look_through_links():
    # 0 -link-> 1 =a=> 2 -link-> 5, and 2 -link-> 3 =b=> 4 -link-> 5, and 0 -link-> 3
    links = ((0, 1), (2, 5), (2, 3), (4, 5), (0, 3))
    edges = ((1, 2, "a"), (3, 4, "b"), *((*pair, LINK) for pair in links))
    graph = Graph(6, edges)
    both = degrees(graph, frozenset("ab"))
    assert (both["out of input"], both["into output"]) == (2, 2)
    only_b = degrees(graph, frozenset("b"))
    assert (only_b["out of input"], only_b["into output"]) == (1, 1)
    # Node 2 is reached by a, node 3 by a through a link, node 4 by b; four nodes lie between.
    assert both["into others"] == pytest.approx(3 / 4)


def test_features_of_a_cell_by_hand():
    space = NasBench201()
    cell = space.parse(
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|"
    )
    view = space.graph_view(cell)
    found = flat(graph_features(view.graphs["cell"], view.operations))
    assert found["count nor_conv_3x3"] == found["count skip_connect"] == 1
    assert found["paths avg_pool_3x3+nor_conv_1x1+nor_conv_3x3+skip_connect"] == 2
    assert found["longest avg_pool_3x3+nor_conv_3x3+skip_connect"] == 3
    assert found["shortest nor_conv_1x1"] == 1
    assert found["shortest nor_conv_3x3"] == 4  # no such path: the number of nodes
    assert (found["most nor_conv_3x3 on a path"], found["fewest nor_conv_3x3 on a path"]) == (1, 0)
    assert found["into output nor_conv_1x1"] == 1


def test_dead_edges_are_counted_but_not_live():
    found = flat(graph_features(Graph(3, ((0, 1, "a"), (0, 2, "b"))), ("a", "b")))
    assert (found["count a"], found["live a"]) == (1, 0)
    assert (found["count b"], found["live b"]) == (1, 1)


def test_many_operations_do_not_double_the_subsets():
    assert len(list(operation_subsets(("a", "b", "c", "d")))) == 15
    sizes = [len(subset) for subset in operation_subsets(tuple("abcdefg"))]
    assert sorted(sizes) == [1] * 7 + [6] * 7 + [7]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_features_line_up_over_a_space_and_tell_architectures_apart(space):
    generator = np.random.default_rng(0)
    kinds = [structure_features(space.graph_view(space.sample(generator))) for _ in range(40)]
    assert len({tuple(one) for one in kinds}) == 1, "the kinds differ"
    rows = [flat(one) for one in kinds]
    assert len({tuple(row) for row in rows}) == 1, "the names differ"
    values = np.array([list(row.values()) for row in rows])
    assert np.isfinite(values).all()
    assert len(np.unique(values, axis=0)) > 25


@pytest.mark.parametrize(
    "space", [NasBench101(), TransNasMicro(), Darts()], ids=lambda space: space.name
)
def test_equal_architectures_have_equal_features(space):
    generator = np.random.default_rng(1)
    for _ in range(20):
        one = space.sample(generator)
        same = space.canonical(one)
        mine, theirs = (
            flat(structure_features(space.graph_view(architecture))) for architecture in (one, same)
        )
        differing = {name for name in mine if mine[name] != pytest.approx(theirs[name])}
        assert all("count" in name for name in differing)  # dead edges are only counted


def test_a_nas_bench_101_cell_is_seen_as_its_vertices():
    # input -> conv3x3 -> conv1x1 -> output, and input -> output
    cell = NasBench101().parse("101101:01")
    view = NasBench101().graph_view(cell)
    found = flat(graph_features(view.graphs["cell"], view.operations))
    everything = "+".join(sorted(view.operations))
    assert found[f"paths {everything}"] == 2
    assert found[f"longest {everything}"] == 2
    assert found[f"shortest {everything}"] == 0
    assert found["live conv3x3-bn-relu"] == found["live conv1x1-bn-relu"] == 1


def test_the_codes_of_a_skeleton_become_numbers():
    numbers = TransNasMacro().graph_view(TransNasMacro().parse("64-1234-basic")).numbers
    assert numbers["modules"] == 4
    assert numbers["doublings by 5"] == numbers["halvings by 5"] == 2
    assert [numbers[f"doublings by {place}"] for place in range(4)] == [0, 1, 1, 2]


def test_a_genotype_is_seen_with_both_inputs_as_one():
    genotype = Darts().parse(
        "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 2), "
        "('none', 0), ('max_pool_3x3', 3), ('none', 0), ('none', 0), ('none', 1)], "
        "normal_concat=[2, 4], reduce=[('skip_connect', 0), ('skip_connect', 1), "
        "('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1), "
        "('skip_connect', 0), ('skip_connect', 1)], reduce_concat=[2, 3, 4, 5])"
    )
    found = flat(structure_features(Darts().graph_view(genotype)))
    every = "+".join(sorted(Darts().graph_view(genotype).operations))
    # 0 or 1 -> 2 -> output, and 0 or 1 -> 2 -> 3 -> 4 -> output.
    assert found[f"normal: paths {every}"] == 4
    assert found[f"normal: longest {every}"] == 3
    assert found[f"normal: shortest {every}"] == 1
    assert found["normal: shortest skip_connect"] == 1
    assert found[f"reduce: paths {every}"] == found["reduce: paths skip_connect"] == 8
    assert found["normal: edges from the cell before the last"] == 1


def test_stages_become_numbers():
    space = make_space("nds-resnext-a-in")
    network = space.sample(np.random.default_rng(0))
    numbers = space.graph_view(network).numbers
    assert np.exp(numbers["log blocks"]) == pytest.approx(sum(s.depth for s in network.stages[1:]))
    assert np.exp(numbers["stage 2: log width"]) == pytest.approx(network.stages[3].width)
    network = NasBenchMr().sample(np.random.default_rng(0))
    numbers = NasBenchMr().graph_view(network).numbers
    deep = sum(stage.modules * stage.units[0] for stage in network.stages)
    assert numbers["branch 0: units of all modules"] == deep


def test_an_edge_that_leads_back_is_refused():
    with pytest.raises(ValueError, match=r"edge 1-1: expected 0 <= source < target < 3"):
        Graph(3, ((1, 1, "a"),))
    assert structure_features(GraphView()) == {}
