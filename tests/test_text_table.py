"""Tables of text as people and their programs write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from naslib_proxydata.errors import LabelError, TableError
from naslib_proxydata.text_table import read_rows, read_text


def written(folder: Path, data: bytes, name: str = "table.csv") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    "data",
    [
        "a,ü\nb,2\n".encode(),
        "a,ü\nb,2".encode("utf-8-sig"),
        "a,ü\r\nb,2\r\n".encode("utf-16"),
        "\na , ü\n\n  \n,,\nb,2\n\n".encode(),
        'a, "ü"\n"b","2"\n'.encode(),
    ],
)
def test_rows_are_the_same_however_they_were_written(data: bytes, tmp_path: Path) -> None:
    plain = written(tmp_path, data)
    packed = written(tmp_path, gzip.compress(data, mtime=0), "table.csv.gz")
    for path in (plain, packed):
        assert [row for _, row in read_rows(path, error=TableError)] == [["a", "ü"], ["b", "2"]]


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    path = written(tmp_path, b'\n"a\nb",1\n\nc,2\n')
    rows = list(read_rows(path, error=TableError))
    assert rows == [(3, ["a\nb", "1"]), (5, ["c", "2"])]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"a,b\nc\n", "line 2: expected 2 fields, got 1"),
        ("t.csv", b"a,b\nc,d,e\n", "line 2: expected 2 fields, got 3"),
        ("t.csv", b'a,"b\n', "line 1"),
        ("t.csv", b"\xff\xfe\x00", "cannot read the file"),
        ("t.csv", b"\x80\x81", "cannot read the file"),
        ("t.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:-9], "is damaged .EOFError"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    name: str, data: bytes, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, data, name)
    with pytest.raises(LabelError, match=said) as caught:
        list(read_rows(path, error=LabelError, fields=2))
    assert str(path) in str(caught.value)


def test_absent_files_and_folders(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "cannot read"), (tmp_path / "absent", "no file")):
        with pytest.raises(TableError, match=f"{said} {path}.*check the path of the table"):
            read_text(path, error=TableError, what="the table")
    with pytest.raises(TableError) as caught:
        read_text(tmp_path / "absent", error=TableError)
    assert "UTF-8" not in str(caught.value)  # the encoding is not what is wrong
