"""Which of several files of one benchmark is read."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.finding import first_of, newest


def made(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_nothing(tmp_path: Path) -> None:
    assert first_of() is None
    assert first_of([tmp_path / "a"], []) is None


def test_the_first_rank_that_is_there_and_what_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    better, other = made(tmp_path, "better", "other")
    with caplog.at_level(logging.INFO):
        assert first_of([tmp_path / "absent"], [other]) == other
        assert not caplog.text
        assert first_of([tmp_path / "absent"], [better], [other]) == better
    assert f"{better} is read, not {other}" in caplog.text


def test_two_of_one_rank_are_named(tmp_path: Path) -> None:
    one, two = made(tmp_path, "one", "two")
    with pytest.raises(TableError, match=rf"{one} and {two} are of one benchmark"):
        first_of([one, two])


def test_versions_are_numbers(tmp_path: Path) -> None:
    names = ("N-v1_9-aa.pth", "N-v1_10-bb.pth", "N-v2-cc.pth", "N-v1_9-dd.pth", "N.pth")
    ordered = [[path.name for path in rank] for rank in newest(made(tmp_path, *names))]
    assert ordered == [[names[2]], [names[1]], [names[0], names[3]], [names[4]]]
