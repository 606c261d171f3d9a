"""A Ray cluster of this machine: the scores of one process, whatever becomes of its workers."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.executors import completed
from naslib_proxydata.runs.machines.named import chosen
from naslib_proxydata.runs.machines.settings import Work
from naslib_proxydata.runs.workers import LostCallError
from tests.runs import misbehaving
from tests.runs.machines.scoring import expected, scores

pytest.importorskip("ray", reason="the extra 'ray' is not installed")

PATIENCE = 120.0  # seconds, for what takes some on a calm machine


@pytest.fixture(scope="module")
def executor(tmp_path_factory):
    settings = chosen({"name": "ray", "wait": PATIENCE})
    settings.check()
    with settings.open(Work(2, (), tmp_path_factory.mktemp("run"))) as executor:
        yield executor


def test_scores_are_those_of_one_process_to_the_last_bit(executor):
    assert scores(executor) == expected()


def test_as_many_calls_are_under_way_as_keep_both_workers_busy(executor):
    assert executor.in_flight == 4


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(executor):
    pid = executor.submit(os.getpid).result(PATIENCE)
    threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()
    calls = [(number, (number, 0.1)) for number in range(20)]
    found = dict(completed(executor, misbehaving.slowly, calls, None))
    assert found == {number: number for number in range(20)}


def test_a_call_that_kills_every_worker_is_lost_and_later_ones_are_not(executor):
    error = executor.submit(misbehaving.leave, "kill").exception(PATIENCE)
    assert isinstance(error, LostCallError)
    assert "WorkerCrashedError" in str(error)
    assert executor.submit(misbehaving.double, 2).result(PATIENCE) == 4


def test_a_run_that_is_ended_ends_what_workers_are_at(executor, tmp_path):
    """They would else go on with a training, whose folder the next run needs."""
    file = tmp_path / "pid"
    future = executor.submit(misbehaving.stay, str(file))
    pid = misbehaving.pid_in(file, PATIENCE)
    executor.kill()
    assert future.cancelled()
    assert misbehaving.ends(pid, PATIENCE)


def test_what_is_no_head_node_is_told():
    with pytest.raises(ConfigError, match=r"no Ray head node answers at 127\.0\.0\.1:1 "):
        chosen("ray:127.0.0.1:1").check()


def test_what_no_node_can_offer_is_told(executor, tmp_path):
    settings = chosen({"name": "ray", "gpus": 64, "wait": 1.0})
    with (
        pytest.raises(ConfigError, match=r"within 1 s; each call asks for .*'num_gpus': 64"),
        settings.open(Work(2, (), tmp_path)),
    ):
        pass
