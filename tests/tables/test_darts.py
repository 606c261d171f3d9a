from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.genotypes.genotype import CellGenotype, Genotype
from naslib_proxydata.tables import darts
from naslib_proxydata.testing import BenchmarkContract


class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path) -> darts.DartsTable:
        return darts.load(shared_data)


def test_values_are_those_of_the_file(shared_data: Path) -> None:
    table = darts.load(shared_data)
    with gzip.open(shared_data / "darts_space_1000.csv.gz", "rt") as stream:
        for text, accuracy in list(csv.reader(stream))[::50]:
            assert table.query(text, "cifar10", "validation_accuracy") == float(accuracy)


def test_equal_genotypes_are_found(shared_data: Path) -> None:
    table = darts.load(shared_data)
    space = Darts()
    genotype = space.parse(table.architectures()[17])
    edges = genotype.normal.edges
    swapped = CellGenotype(tuple(edges[i ^ 1] for i in range(8)), genotype.normal.concat)
    assert table.position(space.text(Genotype(swapped, genotype.reduce))) == 17


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense,80", "line 2: not a genotype"),
        ("nonsense", "line 2: expected 2 fields, got 1"),
        ("{good},many", "line 2: could not convert"),
        ("{good},170", "line 2: expected an accuracy in percent"),
    ],
)
def test_damaged_lines_are_named(shared_data: Path, tmp_path: Path, line: str, reason: str) -> None:
    text = darts.load(shared_data).architectures()[0]
    good = f'"{text}"'
    path = tmp_path / "darts_space_1000.csv"
    path.write_text(f"{good},80.5\n{line.format(good=good)}\n")
    with pytest.raises(TableError, match=rf"{path.name}, {reason}"):
        darts.load(tmp_path)


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        ("utf-8-sig", "{0},80.5\r\n{1},81.5\r\n"),
        ("utf-8", "{0},80.5\n{1},81.5\n\n\n"),
        ("utf-8", "\n{0},80.5\n  \n{1}, 81.5 \n,\n"),
        ("utf-16", "{0},80.5\n{1},81.5"),
    ],
)
def test_what_spreadsheets_and_editors_add_is_no_genotype(
    shared_data: Path, tmp_path: Path, encoding: str, form: str
) -> None:
    texts = darts.load(shared_data).architectures()[:2]
    path = tmp_path / "darts_space_1000.csv"
    quoted = [f'"{text}"' for text in texts]
    path.write_bytes(form.format(*quoted).encode(encoding))
    table = darts.load(tmp_path)
    assert list(table.architectures()) == list(texts)
    assert table.values("cifar10", "validation_accuracy").tolist() == [80.5, 81.5]


def test_absent_and_truncated_files(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(TableAbsentError, match="SWAP"):
        darts.load(tmp_path)
    whole = (shared_data / "darts_space_1000.csv.gz").read_bytes()
    (tmp_path / "darts_space_1000.csv.gz").write_bytes(whole[:5000])
    with pytest.raises(TableError, match=r"darts_space_1000\.csv\.gz"):
        darts.load(tmp_path)
