"""A table of a user's own: what is read, what is refused, and how an architecture is found."""

from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.tables.base import in_own_unit
from naslib_proxydata.tables.own import file_hash, own_name, read_own
from naslib_proxydata.testing import BenchmarkContract
from tests.evolution.grid import Grid


def cell(*names):
    """Return the text of a cell by the first letters of its operations."""
    known = {
        "n": "none",
        "s": "skip_connect",
        "1": "nor_conv_1x1",
        "3": "nor_conv_3x3",
        "p": "avg_pool_3x3",
    }
    a, b, c, d, e, f = (known[name] for name in "".join(names))
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


CELLS = (cell("333333"), cell("nnn3nn"), cell("nnn3n1"), cell("snnn3n"))
"""The third is the second with a dead convolution; the fourth computes the same as the second."""


def own(tmp_path, *lines, header="architecture,latency_ms,top1", space=None, lower=(), name="t"):
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_own(path, space or NasBench201(), lower)


class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, tmp_path):
        rows = [f"{text},{place + 1.5},{60 + place}" for place, text in enumerate(CELLS)]
        return own(tmp_path, *rows, lower=["latency_ms"])

    @pytest.fixture
    def space(self, table):
        return plugins.load().create("spaces", table.space)


def test_columns_are_datasets_and_those_whose_lowest_is_best_are_turned(tmp_path):
    rows = [f"{text},{place + 1.5},{60 + place}" for place, text in enumerate(CELLS)]
    table = own(tmp_path, *rows, lower=["latency_ms"], name="phone")
    assert table.name == "csv:phone"
    assert table.columns() == {"latency_ms": ("lower_is_better",), "top1": ("higher_is_better",)}
    assert table.default_metric("latency_ms") == "lower_is_better"
    assert table.values("latency_ms", "lower_is_better").tolist() == [-1.5, -2.5, -3.5, -4.5]
    assert table.values("top1", "higher_is_better").tolist() == [60, 61, 62, 63]
    assert in_own_unit("lower_is_better", -1.5) == 1.5
    assert in_own_unit("higher_is_better", 60.0) == 60.0
    assert in_own_unit("validation_accuracy", 60.0) == 60.0


def test_cells_that_compute_the_same_keep_their_own_values(tmp_path):
    space = NasBench201()
    assert len({space.hash(space.parse(text)) for text in CELLS[1:]}) == 1
    table = own(tmp_path, *(f"{text},{place},9" for place, text in enumerate(CELLS)))
    for place, text in enumerate(CELLS):
        assert table.query(text, "latency_ms", "higher_is_better") == place


def test_another_spelling_of_a_network_is_found_and_one_with_a_dead_convolution_is_not(tmp_path):
    table = own(tmp_path, f"{CELLS[1]},1,9", f"{CELLS[0]},2,9")
    assert table.position(CELLS[3]) == 0
    with pytest.raises(TableError, match="has no architecture"):
        table.position(CELLS[2])


def test_the_other_direction_is_asked_for_when_the_file_is_read(tmp_path):
    table = own(tmp_path, f"{CELLS[0]},1,90")
    with pytest.raises(TableError, match=r"read as higher is better; .* --lower-is-better"):
        table.values("latency_ms", "lower_is_better")


def test_texts_are_those_of_the_space(tmp_path):
    table = own(tmp_path, f'" {CELLS[0]} ",1,2', header="architecture,x,y")
    assert table.architectures() == (CELLS[0],)


@pytest.mark.parametrize("absent", ["", "nan", "NaN", "NA", "n/a", "#N/A", "None", "null", "-"])
def test_what_was_not_measured_is_nan_and_counted(tmp_path, absent, caplog):
    caplog.set_level("INFO")
    table = own(tmp_path, f"{CELLS[0]},{absent},90", f"{CELLS[1]},3,91")
    np.testing.assert_array_equal(table.values("latency_ms", "higher_is_better"), [np.nan, 3])
    assert "1 of 2 architectures have no value in the column 'latency_ms'" in caplog.text
    assert "'top1'" not in caplog.text


@pytest.mark.parametrize("text", ["12 ms", "fast", "93%", "1.234.5", "inf", "1e999", '"12,5"'])
def test_a_column_that_is_no_number_is_refused_where_it_is_asked_for(tmp_path, text):
    table = own(tmp_path, f"{CELLS[0]},1,90", f"{CELLS[1]},{text},91", name="phone")
    assert list(table.columns()) == ["top1"]
    assert table.default_dataset() == "top1"
    expected = (
        rf"phone.csv, line 3, column 'latency_ms': expected a number.*got '{text.strip(chr(34))}'"
    )
    for ask in (table.default_metric, lambda name: table.values(name, "higher_is_better")):
        with pytest.raises(TableError, match=expected):
            ask("latency_ms")


def test_a_column_of_several_has_to_be_named_and_one_that_is_not_there_gets_the_closest(tmp_path):
    table = own(tmp_path, f"{CELLS[0]},1,90")
    with pytest.raises(TableError, match="2 columns of numbers: latency_ms, top1; say with --da"):
        table.default_dataset()
    with pytest.raises(TableError, match=r"unknown column 'latency'.*Did you mean 'latency_ms'"):
        table.default_metric("latency")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1:1,1", "nonsense,2"], r"line 2: not an architecture of 'nb201'"),
        ([f"{CELLS[0]},1", f"{CELLS[1]},1", f"{CELLS[0]},2"], r"line 4: .* on line 2 already"),
        ([], "holds no architecture, only a header"),
        ([f"{CELLS[0]},fast"], "no column of numbers: .*line 2, column 'x'"),
        ([f"{CELLS[0]},"], "no column of numbers: .*'x' holds no value"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, lines, message):
    with pytest.raises(TableError, match=message):
        own(tmp_path, *lines, header="architecture,x")


def test_a_file_without_values_or_that_is_absent_is_refused(tmp_path):
    with pytest.raises(TableError, match="no column beside 'architecture'"):
        own(tmp_path, *CELLS, header="architecture")
    with pytest.raises(TableAbsentError, match="there is no file"):
        read_own(tmp_path / "absent.csv", Grid())


def test_names_and_hashes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    assert own_name(path) == own_name(tmp_path / "a.csv.gz") == "csv:a"
    # The example of FIPS 180-2, appendix B.1.
    assert file_hash(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(TableAbsentError, match="no file"):
        file_hash(tmp_path / "absent.csv")
