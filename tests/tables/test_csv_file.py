"""CSV files as spreadsheets, pandas and people write them."""

from __future__ import annotations

import gzip

import pytest

from naslib_proxydata.errors import LabelError, TableError
from naslib_proxydata.tables.csv_file import number, read_csv

PLAIN = 'architecture,latency_ms,top1\n"a,b",1.5,90\nc,2.5,\n'
READ = (("latency_ms", "top1"), ("a,b", "c"), (("1.5", "90"), ("2.5", "")))


def read(tmp_path, data, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    file = read_csv(path, TableError)
    return file.columns, file.architectures, file.fields


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\n\n") + "\n , , \n",
        "\n\n" + PLAIN,
        PLAIN.replace(",", "\t").replace('"a\tb"', "a,b").encode("utf-16"),
        gzip.compress(PLAIN.encode(), mtime=0),
        gzip.compress(PLAIN.encode("utf-8-sig"), mtime=0),
        'Architecture;latency_ms;top1\na,b;1.5;90\n"c";2.5;\n',
        "architecture\tlatency_ms\ttop1\na,b\t1.5\t90\nc\t2.5\t\n",
        ' architecture , latency_ms , top1 \n "a,b", 1.5 , 90\nc, 2.5 , \n',
        ',architecture,latency_ms,top1\n0,"a,b",1.5,90\n1,c,2.5,\n',
        'architecture,latency_ms,top1,,\n"a,b",1.5,90,,\nc,2.5,,,\n',
        'latency_ms,architecture,top1\n1.5,"a,b",90\n2.5,c,\n',
    ],
    ids=[
        *(
            "plain",
            "mark",
            "windows",
            "blank lines",
            "blank first",
            "utf-16",
            "gzip",
            "gzip with mark",
        ),
        *("semicolons", "tabs", "spaces", "pandas index", "columns without a name", "order"),
    ],
)
def test_every_form_reads_the_same(tmp_path, data):
    assert read(tmp_path, data) == READ


def test_lines_are_those_that_an_editor_shows(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('\narchitecture,x\n\n"a\nb",1\nc,2\n')
    assert read_csv(path, TableError).lines == (5, 6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "table.csv is empty; expected a header"),
        ("arch_str,x\na,1\n", r"line 1: expected one column 'architecture' .* got arch_str, x"),
        ("achitecture,x\na,1\n", r"Is it 'achitecture'\? Then rename it"),
        ("architecture,x,Architecture\na,1,b\n", "expected one column 'architecture'"),
        ("| architecture | x |\n", r"got \| architecture \| x \|.$"),
        ("architecture,x,x\na,1,2\n", "line 1: the column 'x' stands twice"),
        ("architecture,x\na,b,1\n", r"line 2: expected 2 fields, got 3; .* double quotes"),
        ("architecture,x,y\n\na,1\n", "line 3: expected 3 fields, got 2"),
        (
            PLAIN.encode("latin-1") + b"\xe9",
            "cannot read .*table.csv: .*expected text in UTF-8",
        ),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], "table.csv is damaged"),
        (b"\x1f\x8b\x00 no gzip", "table.csv is damaged"),
        ('architecture,x\n"a"b,1\n', "cannot read .*table.csv, line 2: ',' expected after"),
        ('architecture,x\n"a,1\n', "cannot read .*table.csv, line 2: unexpected end of data"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path, data, message):
    with pytest.raises(TableError, match=message):
        read(tmp_path, data)


def test_the_error_is_the_callers(tmp_path):
    with pytest.raises(LabelError, match=r"no file .*absent.csv; check the path"):
        read_csv(tmp_path / "absent.csv", LabelError)


def test_a_header_longer_than_any_field_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"header of .*field larger than"):
        read(tmp_path, "architecture," + "x" * 200_000 + "\nc,1\n")


@pytest.mark.parametrize("text", ["1_000", "1e101", "-1e308", "inf", "nan", "12 ms", ""])
def test_what_is_no_number_to_a_spreadsheet_is_none(text):
    with pytest.raises(ValueError, match=r"number|convert"):
        number(text)
    assert number(" -1.5e3 ") == -1500
