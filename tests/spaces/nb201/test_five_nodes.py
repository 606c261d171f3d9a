"""The cell of five nodes: ten edges, in the order and the text of the benchmark's own."""

from __future__ import annotations

import itertools

import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.nb201.cell import EDGES, NONE, OPERATIONS, Cell, edges_among
from naslib_proxydata.spaces.nb201.five_nodes import NasBench201FiveNodes
from naslib_proxydata.spaces.nb201.space import NasBench201

SPACE = NasBench201FiveNodes()
TEXT = (
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
    "+|avg_pool_3x3~0|none~1|none~2|skip_connect~3|"
)


def test_edges_are_those_of_the_benchmark_and_four_more() -> None:
    assert edges_among(4) == EDGES
    assert edges_among(5) == (*EDGES, (0, 4), (1, 4), (2, 4), (3, 4))


def test_text_has_the_benchmarks_form() -> None:
    cell = SPACE.parse(TEXT)
    assert SPACE.text(cell) == TEXT
    assert list(cell.edges())[-1] == (3, 4, "skip_connect")
    assert len(SPACE.neighbours(cell)) == 40


def test_cells_of_the_two_sizes_are_told_apart() -> None:
    four = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    with pytest.raises(ArchitectureError, match="not a five-node NAS-Bench-201 cell"):
        SPACE.parse(four)
    with pytest.raises(ArchitectureError, match="not a NAS-Bench-201 cell"):
        NasBench201().parse(TEXT)
    with pytest.raises(ArchitectureError, match="has 6 edges, got 10"):
        Cell(SPACE.parse(TEXT).operations)


def four_in_five(cell: Cell) -> str:
    """Return the five-node text of a four-node cell whose output the last node repeats."""
    operations = (*cell.operations, NONE, NONE, NONE, "skip_connect")
    return SPACE.text(SPACE.cell_type(operations))


def test_a_four_node_cell_embeds_with_the_same_counts_and_the_same_function() -> None:
    """The skip from node 3 to node 4 adds nothing, so parameters, MACs and outputs are equal."""
    small, large = NasBench201(4, 1), NasBench201FiveNodes(4, 1)
    images = torch.randn((2, 3, 8, 8), generator=torch_generator(0, "images"))
    for seed in range(3):
        cell = small.sample(numpy_generator(seed, "cells"))
        wide = large.parse(four_in_five(cell))
        assert large.params(wide) == small.params(cell)
        assert large.macs(wide) == small.macs(cell)
        assert large.carries_signal(wide) == small.carries_signal(cell)
        outputs = [
            space.network(one, torch_generator(seed, "weights")).eval()(images)
            for space, one in ((small, cell), (large, wide))
        ]
        assert torch.equal(*outputs)


def test_canonical_form_forgets_the_order_of_inner_nodes() -> None:
    """Renaming inner nodes of a cell, where edges still lead forward, changes nothing else."""
    generator = numpy_generator(0, "renamed")
    for _ in range(10):
        cell = SPACE.sample(generator)
        operations = {(a, b): op for a, b, op in cell.edges() if (a, b) != (1, 2)}
        swap = {1: 2, 2: 1}
        for edge in itertools.product(*([range(5)] * 2)):
            if set(edge) == {1, 2}:
                operations.pop(edge, None)
        renamed = {(swap.get(a, a), swap.get(b, b)): op for (a, b), op in operations.items()}
        one, other = (
            SPACE.cell_type(tuple(ops.get(edge, NONE) for edge in edges_among(5)))
            for ops in (operations, renamed)
        )
        assert SPACE.canonical(one) == SPACE.canonical(other)
        assert SPACE.hash(one) == SPACE.hash(other)


def test_sampling_reaches_every_operation_of_every_edge() -> None:
    generator = numpy_generator(0, "sample")
    seen = [SPACE.sample(generator).operations for _ in range(100)]
    assert [set(column) for column in zip(*seen, strict=True)] == [set(OPERATIONS)] * 10
