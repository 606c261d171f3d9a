"""Released JSON files, gzipped or not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.json_file import read_json


def test_plain_packed_and_marked_files(tmp_path: Path) -> None:
    data = '{"a": [1, "ü"]}'.encode()
    for name, written in (
        ("a.json", data),
        ("a.json.gz", gzip.compress(data, mtime=0)),
        ("packed.json", gzip.compress(data, mtime=0)),
        ("unpacked.json.gz", data),
        ("b.json", b"\xef\xbb\xbf" + data),
    ):
        (tmp_path / name).write_bytes(written)
        assert read_json(tmp_path / name) == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"{"),
        ("a.json", b"[" * 100_000),
        ("a.json", b'["\\ud800", 1'),
        ("a.json", b'[{"cell": 1, "other": 2, "cell": 3}]'),  # json would keep the 3
        ("a.json", b"9" * 5000),
        ("a.json.gz", gzip.compress(b"[]" * 99, mtime=0)[:-9]),
    ],
)
def test_damaged_files_are_named(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TableError, match=rf"{name} is damaged .*; get it again"):
        read_json(tmp_path / name, "get it again")
    with pytest.raises(TableError, match=r"no file \S+nowhere\.json"):
        read_json(tmp_path / "nowhere.json")
