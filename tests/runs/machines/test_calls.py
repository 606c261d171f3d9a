"""Calls as they are sent: by the same code, one at a time, with the plugins of the run."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from naslib_proxydata.errors import MachineError
from naslib_proxydata.plugins.sources import BROUGHT
from naslib_proxydata.runs.executors import SerialExecutor
from naslib_proxydata.runs.machines import calls
from naslib_proxydata.runs.machines.calls import Run, answered, packed, run_of
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.workers import LostCallError, outcome
from tests.leaderboard import fake_plugin
from tests.runs import misbehaving
from tests.runs.machines.scoring import scores, setup

PLUGIN = Path(fake_plugin.__file__)


@pytest.fixture(autouse=True)
def a_worker_of_no_run(monkeypatch):
    monkeypatch.setattr(calls, "_taken_up", None)
    yield
    BROUGHT.clear()
    load_plugins.cache_clear()


def called(run: Run, function, *arguments):
    error, result = outcome(answered(run, packed(function, arguments, {})).content)
    if error is not None:
        raise error
    return result


def test_a_call_comes_back_with_what_it_returned_or_raised():
    run = run_of(())
    assert called(run, misbehaving.double, 4) == 8
    with pytest.raises(LookupError, match="no"):
        called(run, misbehaving.fail, "no")
    with pytest.raises(LostCallError, match="KeyboardInterrupt in a worker"):
        called(run, misbehaving.leave, "interrupt")


def test_tensors_are_copied_since_machines_share_no_memory():
    content = packed(torch.add, (torch.ones(1000), 1), {})
    assert len(content) > 4000
    assert called(run_of(()), torch.add, torch.ones(2), 1).tolist() == [2.0, 2.0]


def test_other_code_computes_nothing():
    run = run_of(())
    assert len(run.code) == 64
    with pytest.raises(MachineError, match="has other code of naslib-proxydata, torch or numpy"):
        called(Run(run.name, "other", ()), misbehaving.double, 4)


def test_calls_of_a_process_come_one_by_one_whatever_threads_it_has(monkeypatch):
    """Two at a time would change each other's number of torch threads."""
    at_work: list[int] = []
    most: list[int] = []

    def noted(content, dumps):
        at_work.append(1)
        most.append(len(at_work))
        time.sleep(0.01)
        at_work.pop()
        return b""

    monkeypatch.setattr(calls, "answer", noted)
    run = run_of(())
    threads = [threading.Thread(target=answered, args=(run, b"")) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1] * 5


def test_a_plugin_file_reaches_a_worker_that_lacks_it(tmp_path):
    path = tmp_path / "brought.py"
    path.write_bytes(PLUGIN.read_bytes())
    counted = setup("numbers", "counted", (path,))
    expected = scores(SerialExecutor(), counted, ("2", "3", "40"))
    run = run_of((path,))
    path.unlink()
    sys.path.remove(str(tmp_path))
    found = called(run, scores, SerialExecutor(), counted, ("2", "3", "40"))
    assert found == expected
    assert BROUGHT[str(path)].name == "brought.py"


def test_a_plugin_that_is_there_and_the_same_is_used_where_it_lies():
    called(run_of((PLUGIN,)), misbehaving.double, 1)
    assert not BROUGHT


def test_a_worker_forgets_what_the_run_before_has_left(tmp_path):
    """It may live for weeks, and the plugin be edited meanwhile."""
    path = tmp_path / "edited.py"
    path.write_bytes(PLUGIN.read_bytes())
    counted = setup("numbers", "counted", (path,))
    first = called(run_of((path,)), scores, SerialExecutor(), counted, ("2",))
    path.write_bytes(PLUGIN.read_bytes().replace(b"/ 3", b"/ 4"))
    second = called(run_of((path,)), scores, SerialExecutor(), counted, ("2",))
    assert first != second
