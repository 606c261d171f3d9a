"""Names of files that come from what a user calls things."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.errors import FileError
from naslib_proxydata.files import file_name, write_text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nb201_cifar10", "nb201_cifar10"),
        ("csv:a b/../é$", "csv-a-b-..-é-"),
        ("x" * 120, "x" * 120),
    ],
)
def test_short_names_keep_their_letters(text, name):
    assert file_name(text) == name


@pytest.mark.parametrize("letter", ["c", "é", "字"])
def test_long_names_can_be_written_and_told_apart(tmp_path, letter):
    one, other = file_name(letter * 300), file_name(letter * 299)
    assert one != other
    for name in (one, other):
        (tmp_path / f".scores_{name}_seed123456789.png.{'0' * 16}").write_text("")


def test_a_path_that_is_too_long_is_not_blamed_on_room(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"File name too long; .*Choose a shorter path"):
        write_text(tmp_path / ("x" * 620), "text")
