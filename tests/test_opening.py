"""Files that anybody gives: what is no file, or none that is there, is told at once."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from naslib_proxydata.errors import DatasetError
from naslib_proxydata.opening import open_file, read_file


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with open_file(tmp_path / "a", DatasetError, "check the path") as file:
        assert file.read() == b"abc"
    assert read_file(tmp_path / "a", DatasetError, "check it", most=3) == b"abc"
    with pytest.raises(DatasetError, match="larger than the"):
        read_file(tmp_path / "a", DatasetError, "check it", most=2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no file .*; check the path"),
        (lambda path: path.mkdir(), "it is a folder|Is a directory"),
        (os.mkfifo, "it is a pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to(path / "nowhere"), "cannot read"),
    ],
    ids=["absent", "folder", "pipe", "device", "loop", "loop below"],
)
def test_what_is_no_file_is_told_at_once(tmp_path: Path, make, message: str) -> None:
    path = tmp_path / "a"
    make(path)
    with pytest.raises(DatasetError, match=message):
        open_file(path, DatasetError, "check the path")


def test_pipes_that_a_shell_opened_are_read() -> None:
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(_READ)}"
    for line in (
        f"(sleep 0.2; echo abc) | {command} /dev/stdin",
        f"{command} <(sleep 0.2; echo abc)",
    ):
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
        assert done.stdout == "b'abc\\n'\n"


_READ = """
import sys
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.opening import read_file
print(read_file(sys.argv[1], DatasetError, "check it"))
"""


@pytest.mark.parametrize(
    ("name", "message"), [("a" * 620, "File name too long"), ("a\0b", r"a\\x00b is no path")]
)
def test_paths_that_cannot_be(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        open_file(tmp_path / name, DatasetError, "check the path")
