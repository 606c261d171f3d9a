"""Files that nobody else can have written."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from naslib_proxydata import private
from naslib_proxydata.files import write_atomically
from naslib_proxydata.private import (
    UntrustedError,
    make_private_folder,
    open_private,
    take_back,
)

grp, pwd = pytest.importorskip("grp"), pytest.importorskip("pwd")
IS_OWN_GROUP = private._is_own_group


@pytest.fixture(autouse=True)
def groups_have_members(monkeypatch):
    """Where these tests run, files may have the group that is the user's alone."""
    monkeypatch.setattr(private, "_is_own_group", lambda _: False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cache" / "scores" / "file"
    write_atomically(path, lambda stream: stream.write(b"content"), private=True)
    return path


def read(path):
    with open_private(path) as stream:
        return stream.read()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_made_is_for_this_user_alone(tmp_path, umask):
    before = os.umask(umask)
    try:
        path = tmp_path / "a" / "b" / "c"
        write_atomically(path, lambda stream: stream.write(b"content"), private=True)
        make_private_folder(tmp_path / "a" / "d")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (path.parent, path.parents[1], tmp_path / "a" / "d"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert read(path) == b"content"


def test_other_files_are_as_the_umask_says(tmp_path):
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file", lambda stream: stream.write(b""))
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"exists|directory"):
        make_private_folder(tmp_path / "file" / "folder")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(file, mode):
    file.chmod(mode)
    with pytest.raises(UntrustedError, match=f"{file} can be written by others .mode 0{mode:o}"):
        open_private(file)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_is_refused(file, mode):
    """The sticky bit does not help: others could put a file where none is yet."""
    file.parent.chmod(mode)
    with pytest.raises(UntrustedError, match="chmod -R go-w"):
        open_private(file)


@pytest.mark.parametrize(("mode", "fine"), [(0o777, False), (0o1777, True), (0o775, True)])
def test_of_the_folders_above_only_those_that_everyone_can_change_are_refused(file, mode, fine):
    file.parents[1].chmod(mode)
    if fine:
        assert read(file) == b"content"
    else:
        with pytest.raises(UntrustedError, match="everyone"):
            open_private(file)


@pytest.mark.parametrize("part", ["file", "folder"])
def test_what_belongs_to_another_user_is_refused(file, part, monkeypatch):
    place = file if part == "file" else file.parent
    if os.getuid() == 0:
        os.chown(place, 12345, -1)
    else:
        mine = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(UntrustedError, match="belongs to someone else"):
        open_private(file)


def test_a_link_is_refused_and_a_folder_reached_by_a_link_is_not(file, tmp_path):
    link = file.with_name("link")
    link.symlink_to(file)
    with pytest.raises(UntrustedError, match="link"):
        open_private(link)
    (tmp_path / "folder").symlink_to(file.parent)
    assert read(tmp_path / "folder" / "file") == b"content"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_neither_a_pipe_nor_a_folder_is_waited_for(file):
    os.mkfifo(file.with_name("pipe"))
    for name in ("pipe", "folder"):
        if name == "folder":
            file.with_name(name).mkdir()
        with pytest.raises(UntrustedError, match="no regular file"):
            open_private(file.with_name(name))


def test_a_folder_is_taken_back_from_others_where_it_is_this_users_own(tmp_path, monkeypatch):
    tmp_path.chmod(0o2777)
    mine = os.getuid()
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: mine + 1)
        take_back(tmp_path)
        assert tmp_path.stat().st_mode & 0o7777 == 0o2777
    take_back(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o2755


def test_the_folder_is_told_before_its_files_so_that_one_command_mends_all(file):
    file.chmod(0o664)
    file.parent.chmod(0o775)
    with pytest.raises(UntrustedError, match=f"run: chmod -R go-w {file.parent}$"):
        open_private(file)


@pytest.mark.parametrize(
    ("name", "members", "primary", "own"),
    [
        ("ada", [], True, True),
        ("ada", ["ada"], True, True),
        ("ada", ["ada", "bob"], True, False),
        ("ada", [], False, False),
        ("lab", [], True, False),
    ],
)
def test_a_group_that_is_the_users_alone_is_nobody_else(
    file, monkeypatch, name, members, primary, own
):
    group = file.stat().st_gid
    user = SimpleNamespace(pw_name="ada", pw_gid=group if primary else group + 1)
    monkeypatch.setattr(private, "_is_own_group", IS_OWN_GROUP)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name=name, gr_mem=members))
    file.chmod(0o664)
    file.parent.chmod(0o2775)
    if own:
        assert read(file) == b"content"
    else:
        with pytest.raises(UntrustedError, match="others"):
            open_private(file)
