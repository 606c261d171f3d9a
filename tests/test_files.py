"""Names of files that come from what a user calls things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import FileError
from naslib_proxydata.files import file_name, write_text


@pytest.mark.parametrize("text", ["nb201_cifar10", "ImageNet16-120", "a..b", "é", "x" * 120])
def test_a_name_that_is_a_file_s_already_stays_as_it_is(text):
    assert file_name(text) == text


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("csv:a b/../é$", "csv-a-b-..-é--"),
        ("../../out", "out-"),
        ("..", "unnamed-"),
        (".", "unnamed-"),
        ("", "unnamed-"),
        (".hidden", "hidden-"),
        ("-rf", "rf-"),
        ("con", "device-con-"),
        ("NUL.txt", "device-NUL.txt-"),
        ("com1", "device-com1-"),
        ("dot.", "dot--"),
        ("a\x00\x1b[2J\n", "a-2J--"),
        ("\udc80", "unnamed-"),
        ("..\\..\\out", "out-"),
    ],
)
def test_any_other_gets_a_hash(text, begins):
    name = file_name(text)
    assert name.startswith(begins)
    assert re.fullmatch(r"[\w.-]+-[0-9a-f]{8}", name)


ALIKE = ["a b", "a/b", "a-b", "a:b", "con", ".a", "a", "-a", "..", ".", "", "A", "device-con"]


def test_no_two_names_share_a_file():
    names = [*ALIKE, *(file_name(one) for one in ALIKE), *(one * 200 for one in ALIKE)]
    texts = set(names)
    assert len({file_name(one) for one in texts}) == len(texts)


@given(st.text())
def test_every_name_can_be_written_where_it_should(text):
    name = file_name(text)
    assert Path(name).name == name
    assert name not in (".", "..")
    assert not name.startswith((".", "-"))
    assert len(f".scores_{name}.png.{'0' * 16}".encode()) < 256


@pytest.mark.parametrize("letter", ["c", "é", "字"])
def test_long_names_can_be_written_and_told_apart(tmp_path, letter):
    one, other = file_name(letter * 300), file_name(letter * 299)
    assert one != other
    for name in (one, other):
        (tmp_path / f".scores_{name}_seed123456789.png.{'0' * 16}").write_text("")


def test_a_path_that_is_too_long_is_not_blamed_on_room(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"File name too long; .*Choose a shorter path"):
        write_text(tmp_path / ("x" * 620), "text")
