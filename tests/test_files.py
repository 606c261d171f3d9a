"""How files are named and written, and what is told where that cannot be."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata import files
from naslib_proxydata.errors import FileError, SelectionError
from naslib_proxydata.files import (
    check_writable,
    expanded,
    file_name,
    temporary_folder,
    write_atomically,
    write_text,
)
from tests.disks import fill, make_read_only, small_disk


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


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_a_file_in_the_way_of_a_folder_is_told(tmp_path, place):
    (tmp_path / "file").write_text("")
    path = tmp_path / place
    with pytest.raises(SelectionError, match=f"cannot fill {path}: .*file is no folder"):
        check_writable(path, error=SelectionError, doing="fill")


def test_a_disk_that_cannot_be_written_is_told(tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        fill(disk)
        with pytest.raises(FileError, match="No space left on device"):
            check_writable(disk / "run")
        (disk / ".filling").unlink()
        check_writable(disk / "run")
        make_read_only(disk)
        with pytest.raises(FileError, match="Read-only file system"):
            check_writable(disk / "run")


def test_on_a_full_disk_what_was_there_stays(tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        write_text(disk / "file", "before")
        with pytest.raises(FileError, match=r"cannot write .*No space left.*nothing was changed"):
            write_atomically(disk / "file", lambda file: file.write(bytes(100_000)))
        assert (disk / "file").read_text() == "before"
        assert [one.name for one in disk.iterdir()] == ["file"]


def test_names_in_another_encoding_can_be_written(tmp_path):
    r"""A file name ``caf\xe9`` in Latin-1 is a text that UTF-8 has no bytes for."""
    write_text(tmp_path / "file", "caf\udce9 é")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "caf\\udce9 é"


def test_without_a_home_folder_a_tilde_is_told():
    assert expanded("folder") == Path("folder")
    with pytest.raises(FileError, match="no home folder is known for ~no-such-user/x"):
        expanded("~no-such-user/x")


def test_without_a_place_for_temporary_files_it_is_told(monkeypatch):
    with temporary_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    with pytest.raises(FileError, match="Set TMPDIR"), temporary_folder():
        pass


def test_a_path_with_a_nul_is_told() -> None:
    with pytest.raises(FileError, match="holds a NUL"):
        expanded("run\0folder")


LEFT = ".table.npz.0123456789abcdef"


def test_what_a_killed_write_left_is_removed_by_the_next(tmp_path):
    (tmp_path / LEFT).write_text("half")
    (tmp_path / ".other.npz.0123456789abcdef").write_text("half of another file")
    write_text(tmp_path / "table.npz", "whole")
    assert {one.name for one in tmp_path.iterdir()} == {
        "table.npz",
        ".other.npz.0123456789abcdef",
    }


def test_a_write_under_way_is_nobody_s_leftover(tmp_path):
    def write(file):
        file.write(b"first")
        write_text(tmp_path / "table.npz", "second")  # as another process would meanwhile
        assert len(list(tmp_path.glob(".table.npz.*"))) == 1

    write_atomically(tmp_path / "table.npz", write)
    assert (tmp_path / "table.npz").read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["table.npz"]


def test_a_scratch_file_taken_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, taken = files._lock, []

    def late(file, *, wait=False):
        if not taken:
            taken.append(file.name)
            Path(file.name).unlink()
        return lock(file, wait=wait)

    monkeypatch.setattr(files, "_lock", late)
    write_text(tmp_path / "table.npz", "whole")
    assert taken
    assert (tmp_path / "table.npz").read_text() == "whole"
