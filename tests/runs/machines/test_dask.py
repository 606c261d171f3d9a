"""A Dask cluster of this machine: the scores of one process, whatever becomes of its workers."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest

from naslib_proxydata.errors import ConfigError, MachineError
from naslib_proxydata.runs.executors import completed
from naslib_proxydata.runs.machines import dask as dask_room
from naslib_proxydata.runs.machines import remote
from naslib_proxydata.runs.machines.named import chosen
from naslib_proxydata.runs.machines.settings import Work
from naslib_proxydata.runs.workers import LostCallError
from tests.runs import misbehaving
from tests.runs.machines.scoring import expected, scores

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

PATIENCE = 120.0  # seconds, for what takes some on a calm machine


@pytest.fixture(scope="module")
def cluster():
    """Two workers, whose calls are given up when the first worker dies at them."""
    import dask
    from distributed import LocalCluster

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        made = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0
        )
    with made:
        yield made


@pytest.fixture
def executor(cluster, tmp_path):
    settings = chosen({"name": "dask", "address": cluster.scheduler_address, "wait": PATIENCE})
    settings.check()
    with settings.open(Work(1, (), tmp_path)) as executor:
        yield executor


def test_scores_are_those_of_one_process_to_the_last_bit(executor):
    assert scores(executor) == expected()


def test_as_many_calls_are_under_way_as_keep_both_workers_busy(executor):
    assert executor.in_flight == 4


def test_a_call_whose_worker_dies_is_lost_and_later_ones_are_not(executor):
    """Those that wait beside it at the same worker may be: they are tried again by the next run."""
    error = executor.submit(misbehaving.leave, "kill").exception(PATIENCE)
    assert isinstance(error, LostCallError)
    assert "its workers died one after the other" in str(error)
    calls = [(number, (number, 0.01)) for number in range(12)]
    assert dict(completed(executor, misbehaving.slowly, calls, None)) == {n: n for n in range(12)}


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(cluster, tmp_path):
    """Dask gives what it was at to the other one, unless that call has killed workers before."""
    import dask

    settings = chosen("dask:local")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 3}),
        settings.open(Work(2, (), tmp_path)) as executor,
    ):
        pid = executor.submit(os.getpid).result(PATIENCE)
        threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()
        calls = [(number, (number, 0.1)) for number in range(20)]
        found = dict(completed(executor, misbehaving.slowly, calls, None))
    assert found == {number: number for number in range(20)}


def test_a_run_that_is_ended_ends_what_workers_are_at(cluster, tmp_path):
    """They would else go on with a training, whose folder the next run needs."""
    settings = chosen(f"dask:{cluster.scheduler_address}")
    file = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt):
        misbehaving.interrupted_at(settings.open(Work(1, (), tmp_path)), file, PATIENCE)
    assert misbehaving.ends(misbehaving.pid_in(file, PATIENCE), PATIENCE)


def test_what_is_no_scheduler_is_told_in_seconds(monkeypatch):
    monkeypatch.setattr(dask_room, "PATIENCE", 0.5)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        began = time.monotonic()
        with pytest.raises(ConfigError, match="no Dask scheduler answers at tcp://127"):
            chosen(f"dask:tcp://127.0.0.1:{other.getsockname()[1]}").check()
        assert time.monotonic() - began < 10


def test_a_scheduler_file_that_is_absent_is_told(tmp_path):
    with pytest.raises(ConfigError, match="there is no scheduler file"):
        chosen(f"dask:{tmp_path / 'scheduler.json'}").check()


def test_a_cluster_without_workers_is_told(tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as empty:
        settings = chosen({"name": "dask", "address": empty.scheduler_address, "wait": 0.3})
        with (
            pytest.raises(ConfigError, match=r"within 0\.3 s; start some: dask worker tcp://127"),
            settings.open(Work(1, (), tmp_path)),
        ):
            pass


def test_workers_that_are_gone_for_long_end_the_run(tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as short:
        settings = chosen({"name": "dask", "address": short.scheduler_address, "wait": PATIENCE})
        with settings.open(Work(1, (), tmp_path)):
            pass  # the worker has imported torch
        patient = chosen({"name": "dask", "address": short.scheduler_address, "wait": 5.0})
        with patient.open(Work(1, (), tmp_path)) as executor:
            future = executor.submit(misbehaving.slowly, 1, 600.0)
            short.scale(0)
            with pytest.raises(MachineError, match="has had no worker for 5 s"):
                future.result(PATIENCE)


def test_a_scheduler_that_is_gone_ends_the_run(tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(remote, "LOOK_SECONDS", 0.2)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as short:
        settings = chosen({"name": "dask", "address": short.scheduler_address, "wait": PATIENCE})
        with settings.open(Work(1, (), tmp_path)) as executor:
            future = executor.submit(misbehaving.slowly, 1, 600.0)
            threading.Timer(0.5, short.close).start()
            with pytest.raises(MachineError, match="Scores that had arrived are stored"):
                future.result(PATIENCE)
