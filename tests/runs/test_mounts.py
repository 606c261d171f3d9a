"""Where a folder lies, and what is said where other machines may write there."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from pathlib import Path

import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.runs import lock as lock_room
from naslib_proxydata.runs import store as store_room
from naslib_proxydata.runs.lock import FolderLock
from naslib_proxydata.runs.mounts import Mount, mount_of
from naslib_proxydata.runs.store import ScoreStore

NFS = Mount("nfs4", frozenset({"rw", "local_lock=none"}))
TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / {folder}/a\040b rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2,local_lock=none
31 30 0:41 / {folder}/a\040b/scratch rw - lustre server:/fs rw,localflock
32 22 0:42 / {folder}/a rw - tmpfs none rw
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE.replace("{folder}", os.path.realpath(tmp_path)))
    return path


@pytest.mark.parametrize(
    ("folder", "kind", "shared", "stay"),
    [
        ("elsewhere", "ext4", False, False),
        ("a b/run", "nfs4", True, False),
        ("a b/scratch/run", "lustre", True, True),
        ("a", "tmpfs", False, False),
        ("ab", "ext4", False, False),
    ],
)
def test_the_mount_of_a_folder(tmp_path, table, folder, kind, shared, stay):
    found = mount_of(tmp_path / folder, table)
    assert (found.kind, found.is_shared, found.locks_stay) == (kind, shared, stay)


def test_a_system_that_does_not_tell(tmp_path):
    assert mount_of(tmp_path, tmp_path / "absent") == Mount()


def test_on_a_shared_file_system_the_store_needs_no_memory_between_processes(tmp_path, monkeypatch):
    path = tmp_path / "scores.sqlite"
    with ScoreStore(path) as store:
        store.count()
        assert (tmp_path / "scores.sqlite-shm").exists()
    monkeypatch.setattr(store_room, "mount_of", lambda folder: NFS)
    monkeypatch.setattr(store_room, "_BUSY_SECONDS", 0.1)
    with ScoreStore(path) as store:
        assert store.count() == 0
        assert not (tmp_path / "scores.sqlite-shm").exists()
        with pytest.raises(RunFolderError, match="database is locked"):
            ScoreStore(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_locks_that_other_machines_do_not_see_are_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lock_room, "mount_of", lambda folder: Mount("nfs", frozenset({"nolock"})))
    with FolderLock(tmp_path):
        assert "whose locks other machines do not see" in caplog.text


def test_a_run_of_another_machine_that_has_not_ended_is_told(tmp_path, caplog):
    held = {"process": 7, "machine": "another", "since": "yesterday"}
    (tmp_path / lock_room.NAME).write_text(json.dumps(held))
    with caplog.at_level(logging.WARNING), FolderLock(tmp_path):
        assert "was last used by process 7 on another since yesterday" in caplog.text


def test_a_run_that_was_killed_on_this_machine_is_not(tmp_path, caplog):
    held = {"process": 7, "machine": lock_room.socket.gethostname(), "since": "yesterday"}
    (tmp_path / lock_room.NAME).write_text(json.dumps(held))
    with FolderLock(tmp_path):
        assert not caplog.text
