from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.spaces.darts.space import DARTS_OPERATIONS
from naslib_proxydata.spaces.genotypes.genotype import (
    CellGenotype,
    Genotype,
    genotype_text,
    parse_text,
)

V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))"
)
"""The genotype that DARTS's authors published, ``range`` and all."""


def parse(text: str) -> Genotype:
    return parse_text(text, DARTS_OPERATIONS, 4)


def test_published_text_is_read() -> None:
    genotype = parse(V2)
    assert genotype.normal.concat == (2, 3, 4, 5)
    assert genotype.normal.node(5) == (("skip_connect", 0), ("dil_conv_3x3", 2))
    assert genotype.reduce.node(2) == (("max_pool_3x3", 0), ("max_pool_3x3", 1))
    assert parse(genotype_text(genotype)) == genotype


def test_measured_texts_are_read_back_literally(shared_data: Path) -> None:
    with gzip.open(shared_data / "darts_space_1000.csv.gz", "rt") as stream:
        texts = [line[0] for line in csv.reader(stream)]
    assert len(texts) == 1000
    for text in texts:
        assert genotype_text(parse(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("'skip_connect', 0", "'skip_conect', 0", "Did you mean 'skip_connect'"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3', 5)", "node 5 cannot have the source 5"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3', True)", "cannot have the source True"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3', -1)", "cannot have the source -1"),
        ("('dil_conv_3x3', 2)", "'dil_conv_3x3'", "expected .operation, source."),
        (", ('dil_conv_3x3', 2)", "", "expected 8 edges"),
        ("reduce_concat=range(2, 6)", "reduce_concat=[]", "reduce_concat: expected some"),
        ("reduce_concat=range(2, 6)", "reduce_concat=[2, 2]", "reduce_concat: expected some"),
        ("reduce_concat=range(2, 6)", "reduce_concat=[6]", "reduce_concat: expected some"),
        ("reduce_concat=range(2, 6)", "reduce_concat=range(10**9)", "not a genotype"),
        ("reduce_concat=", "concat=", "expected the fields"),
        ("Genotype(", "Genotyp(", "not a genotype"),
        ("range(2, 6)", "__import__('os').getcwd()", "not a genotype"),
        ("('sep_conv_3x3', 0)", "(exec('1'), 0)", "not a genotype"),
    ],
)
def test_bad_texts_say_why(old: str, new: str, reason: str) -> None:
    with pytest.raises(ArchitectureError, match=reason):
        parse(V2.replace(old, new, 1))


@pytest.mark.parametrize("text", ["(" * 5000, "[" * 300, "Genotype(" + "x" * 30_000, "Genotype()"])
def test_absurd_texts_are_refused(text: str) -> None:
    with pytest.raises(ArchitectureError):
        parse(text)


def test_canonical_form_sorts_and_drops_what_carries_nothing() -> None:
    edges = (
        ("none", 1),
        ("none", 0),  # node 2 is zero
        ("sep_conv_3x3", 2),
        ("avg_pool_3x3", 0),  # node 3 has one live edge
        ("skip_connect", 3),
        ("dil_conv_3x3", 1),
        ("max_pool_3x3", 2),
        ("none", 4),  # node 5 is zero
    )
    cell = CellGenotype(edges, (5, 4, 3, 2)).canonical()
    assert cell.edges == (
        ("none", 0),
        ("none", 0),
        ("avg_pool_3x3", 0),
        ("none", 0),
        ("dil_conv_3x3", 1),
        ("skip_connect", 3),
        ("none", 0),
        ("none", 0),
    )
    assert cell.concat == (2, 3, 4, 5)
    assert cell.canonical() == cell
