"""The built-in conversions, against NASLib's numbers as they are known from its source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import ArchitectureError, NaslibError
from naslib_proxydata.naslib_bridge.architectures import bridged, graph_text, space_name
from naslib_proxydata.plugins import load

PLUGINS = load()


def test_nb201_follows_naslibs_numbers() -> None:
    one = bridged("nasbench201", PLUGINS)
    # NASLib: 0 skip, 1 none, 2 3x3, 3 1x1, 4 pool on the edges 0-1, 0-2, 0-3, 1-2, 1-3, 2-3
    text = "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|skip_connect~2|"
    assert one.space == "nb201"
    assert one.text((0, 1, 2, 3, 4, 0)) == text
    assert one.text(tuple(np.int64(code) for code in (0, 1, 2, 3, 4, 0))) == text
    assert one.hash(text) == (0, 1, 2, 3, 4, 0)
    with pytest.raises(ArchitectureError, match="expected a tuple of integers"):
        one.text((0.5,) * 6)


def test_darts_follows_naslibs_numbers() -> None:
    one = bridged("nasbench301", PLUGINS)
    cell = ((0, 3), (1, 3), (0, 0), (2, 1), (1, 2), (3, 4), (2, 5), (4, 6))
    text = one.text((cell, cell))
    assert text.startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('max_pool")
    assert one.hash(text) == (cell, cell)
    for wrong in (((0, 9),) * 8, ((0, -1),) * 8):
        with pytest.raises(ArchitectureError, match="compact form"):
            one.text((cell, wrong))


def test_nb101_follows_naslibs_numbers() -> None:
    one = bridged("nasbench101", PLUGINS)
    # NASLib: 0 input, 1 output, 2 pool, 3 1x1, 4 3x3; ours: 0 3x3, 1 1x1, 2 pool
    matrix = (0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert one.text((*matrix, 0, 4, 2, 1)) == "110101:02"
    assert one.hash("110101:02") == (*matrix, 0, 4, 2, 1)
    for wrong in (
        (0, 1, 1),
        (*matrix, 0, 4, 2, 5),
        (*matrix, 4, 4, 2, 1),
        (1, *matrix[1:], 0, 4, 2, 1),
    ):
        with pytest.raises(ArchitectureError):
            one.text(wrong)


def test_transnas_macro_follows_naslibs_numbers() -> None:
    one = bridged("transbench101_macro", PLUGINS)
    assert one.text((1, 2, 3, 4, 0, 0)) == "64-1234-basic"
    assert one.hash("64-12341-basic") == (1, 2, 3, 4, 1, 0)
    with pytest.raises(ArchitectureError, match="macro"):
        one.text((1, 1, 1, 1, 0, 0))


def test_our_own_graphs_carry_our_texts() -> None:
    one = bridged("proxydata:mobilenet", PLUGINS)
    assert (one.space, one.text("a"), one.hash("b")) == ("mobilenet", "a", "b")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("asr", "'asr'.*Known: nasbench101, nasbench201.*register_naslib_graphs"),
        ("nasbench210", "Did you mean 'nasbench201'"),
    ],
)
def test_unknown_graphs_are_named(kind: str, message: str) -> None:
    with pytest.raises(NaslibError, match=message):
        bridged(kind, PLUGINS)


class Graph:
    """What the bridge asks of a graph."""

    def __init__(self, kind: str, found: Any) -> None:
        self.kind = kind
        self.found = found

    def get_type(self) -> str:
        return self.kind

    def get_hash(self) -> Any:
        return self.found


def test_graphs_without_a_conversion_keep_their_own_hash() -> None:
    assert space_name("natsbenchsize", PLUGINS) == "natsbenchsize"
    assert graph_text(Graph("natsbenchsize", (8, 16)), PLUGINS) == "(8, 16)"
    assert space_name("nasbench301", PLUGINS) == "darts"
    assert graph_text(Graph("transbench101_macro", (1, 2, 3, 4, 0, 0)), PLUGINS) == "64-1234-basic"
    assert graph_text(Graph("proxydata:s2", "text"), PLUGINS) == "text"
