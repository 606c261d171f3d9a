"""The lock of a folder: one holder at a time, freed by the system, shared with no child."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.runs import lock
from naslib_proxydata.runs.lock import FolderLock

pytestmark = pytest.mark.skipif(lock.fcntl is None, reason="this system knows no flock")

HOLDER = """
import os, sys
from pathlib import Path
from naslib_proxydata.runs.lock import FolderLock
held = FolderLock(Path(sys.argv[1]))
{child}
print(os.getpid(), flush=True)
sys.stdin.read()
"""
FORK = """
begun, begins = os.pipe()
if os.fork() == 0:
    os.write(begins, b"!"); sys.stdout.close(); os.read(0, 1); os._exit(0)
os.read(begun, 1)  # a child that was not given a moment yet has let go of nothing
"""
SPAWN = "import subprocess; subprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL)"


@pytest.fixture
def holder(tmp_path):
    """Hold the lock of ``tmp_path`` in another process, which may have a child."""
    started = []

    def hold(child: str = ""):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER.format(child=child), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(process.pid)
        return process

    yield hold
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its child, too
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_a_second_process_is_told_who_holds_it(tmp_path, holder):
    process = holder()
    with pytest.raises(RunFolderError) as refused:
        FolderLock(tmp_path)
    told = f"{tmp_path} is in use by process {process.pid} on {socket.gethostname()} since 20"
    assert str(refused.value).startswith(told)
    assert "choose another folder" in str(refused.value)


@pytest.mark.parametrize("child", ["", FORK, SPAWN], ids=["alone", "forked", "started"])
def test_what_a_killed_process_leaves_blocks_nobody(tmp_path, holder, child):
    """Neither does the lock's file, nor a child that outlives its parent."""
    process = holder(child)
    process.kill()
    process.wait()
    assert (tmp_path / lock.NAME).exists()
    with FolderLock(tmp_path) as held:
        assert held.is_in_place()
    assert os.listdir(tmp_path) == []


def test_a_second_thread_is_refused_as_a_process_is(tmp_path):
    refused = []

    def second():
        try:
            FolderLock(tmp_path)
        except RunFolderError as error:
            refused.append(str(error))

    with FolderLock(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert f"process {os.getpid()} " in refused[0]


def test_it_is_free_when_it_was_released_and_leaves_no_file(tmp_path):
    for _ in range(2):
        with FolderLock(tmp_path) as held:
            assert os.listdir(tmp_path) == [lock.NAME]
        held.release()  # a second time does nothing
        assert os.listdir(tmp_path) == []


def test_a_forked_child_that_ends_does_not_let_others_in(tmp_path):
    with FolderLock(tmp_path) as held:
        child = os.fork()
        if child == 0:
            held.release()
            os._exit(0)
        os.waitpid(child, 0)
        assert held.is_in_place()
        with pytest.raises(RunFolderError, match="in use"):
            FolderLock(tmp_path)


@pytest.mark.parametrize("another", [False, True], ids=["removed", "another one's"])
def test_a_file_that_lost_its_name_before_it_was_locked_is_not_held(tmp_path, monkeypatch, another):
    """As when the one before leaves between another one's opening and locking."""
    late = [True]
    lock_file = FolderLock._lock

    def lock_too_late(self, file):
        if late:
            late.clear()
            self.path.unlink()
            if another:
                self.path.touch()
        lock_file(self, file)

    monkeypatch.setattr(FolderLock, "_lock", lock_too_late)
    with FolderLock(tmp_path) as held:
        assert held.is_in_place()


def test_only_one_of_many_that_come_and_go_is_in(tmp_path):
    """The file is removed by whoever leaves, while others open it."""
    inside, most, entered = [], [], []

    def come_and_go():
        for _ in range(200):
            try:
                with FolderLock(tmp_path):
                    inside.append(1)
                    most.append(len(inside))
                    entered.append(1)
                    inside.pop()
            except RunFolderError:
                pass

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(entered) >= 4


@pytest.mark.parametrize("said", ["", "{", "[]", "[" * 9000, '{"process": 1}', "\x00"])
def test_whatever_the_file_says_a_held_lock_is_told(tmp_path, said):
    with FolderLock(tmp_path):
        (tmp_path / lock.NAME).write_text(said)
        with pytest.raises(RunFolderError, match="is in use by another process; wait"):
            FolderLock(tmp_path)


def test_what_the_file_says_moves_no_cursor(tmp_path):
    with FolderLock(tmp_path):
        said = '{"process": "\\u001b[2J", "machine": "m", "since": "s"}'
        (tmp_path / lock.NAME).write_text(said)
        with pytest.raises(RunFolderError) as refused:
            FolderLock(tmp_path)
    assert str(refused.value).isprintable()


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path):
    precious = tmp_path / "thesis.tex"
    precious.write_text("precious")
    (tmp_path / lock.NAME).symlink_to(precious)
    with pytest.raises(RunFolderError, match=r"cannot write .*\.lock"):
        FolderLock(tmp_path)
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("missing", ["locks", "module"])
def test_a_warning_says_where_nothing_can_be_locked(tmp_path, monkeypatch, caplog, missing):
    def unknown(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    if missing == "locks":
        monkeypatch.setattr(lock.fcntl, "flock", unknown)
    else:
        monkeypatch.setattr(lock, "fcntl", None)
    with FolderLock(tmp_path) as held:
        assert held.is_in_place()
    assert "nothing keeps a second run out of it" in caplog.text
