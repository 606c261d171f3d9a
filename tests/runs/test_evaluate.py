"""Evaluation on any executor: the same scores, bounded in flight, nothing lost."""

from __future__ import annotations

import functools
import math
from collections import deque
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

from naslib_proxydata.errors import DatasetError, ProxyDataError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.runs import executors as room
from naslib_proxydata.runs.evaluate import evaluate
from naslib_proxydata.runs.executors import SerialExecutor, default_executor
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from tests.leaderboard import fake_plugin

CONTEXT = ScoreContext("numbers", "counted", "{}", 0, "", 32, 10, "cpu", "")


@dataclass(frozen=True)
class Setup:
    """Makes a prepared fake predictor; equal by value, as setups must be."""

    predictor: str = "Counted"
    log: str = ""

    def __call__(self):
        made = getattr(fake_plugin, self.predictor)(**({"log": self.log} if self.log else {}))
        made.prepare(ScoringTask(fake_plugin.Numbers(), images=None, seed=3))
        return made


def every_architecture():
    return {f"key {number}": str(number) for number in range(fake_plugin.SIZE)}


def run(executor, setup, store=None, **options):
    store = store or ScoreStore(":memory:")
    computed = evaluate(setup, every_architecture(), store, CONTEXT, executor, **options)
    return computed, store.get(CONTEXT, every_architecture())


def same(one, other):
    assert one.keys() == other.keys()
    for key in one:
        assert one[key].value.hex() == other[key].value.hex()
        assert (one[key].reason, one[key].details) == (other[key].reason, other[key].details)


def test_scores_do_not_depend_on_the_executor():
    setup = Setup()
    computed, serial = run(SerialExecutor(), setup)
    assert computed == fake_plugin.SIZE
    with default_executor(2) as processes:
        same(serial, run(processes, setup)[1])
        same(serial, run(processes, setup, chunk=7)[1])
    with ThreadPoolExecutor(3) as threads:
        same(serial, run(threads, setup)[1])


class Late:
    """Not a ``concurrent.futures`` executor at all: futures done in reverse, some calls later."""

    class Job:
        def __init__(self, call):
            self.call = call
            self.ready = False

        def done(self):
            return self.ready

        def result(self):
            return self.call()

        def cancel(self):
            return False

    def __init__(self):
        self.waiting = deque()
        self.most = 0

    def submit(self, fn, /, *args):
        job = self.Job(functools.partial(fn, *args))
        self.waiting.append(job)
        self.most = max(self.most, len(self.waiting))
        if len(self.waiting) == room.IN_FLIGHT:
            self.waiting.pop().ready = True
        return job


def test_calls_in_flight_are_bounded(monkeypatch):
    executor = Late()

    def finish_one(seconds):
        executor.waiting.pop().ready = True

    monkeypatch.setattr(room, "time", SimpleNamespace(sleep=finish_one))
    computed, scores = run(executor, Setup())
    assert computed == len(scores) == fake_plugin.SIZE
    assert executor.most == room.IN_FLIGHT
    same(scores, run(SerialExecutor(), Setup())[1])


def test_only_what_is_missing_is_computed(tmp_path):
    log = tmp_path / "log"
    setup = Setup(log=str(log))
    store = ScoreStore(":memory:")
    some = dict(list(every_architecture().items())[:10])
    assert evaluate(setup, some, store, CONTEXT, SerialExecutor()) == 10
    before = len(log.read_text().splitlines())
    seen = []
    progress = lambda done, total: seen.append((done, total))  # noqa: E731
    assert run(SerialExecutor(), setup, store, progress=progress)[0] == fake_plugin.SIZE - 10
    assert run(SerialExecutor(), setup, store)[0] == 0
    # 0 and 1 carry no signal, so they are known without computing.
    assert len(log.read_text().splitlines()) == fake_plugin.SIZE - 2
    assert before == 8
    assert seen[0] == (10, fake_plugin.SIZE)
    assert seen[-1] == (fake_plugin.SIZE, fake_plugin.SIZE)


def test_failed_scores_are_kept_with_their_reason():
    _, scores = run(SerialExecutor(), Setup())
    assert math.isnan(scores["key 20"].value)
    assert scores["key 20"].reason == "RuntimeError: the loss exploded"
    assert math.isnan(scores["key 30"].value)
    assert scores["key 30"].reason == "the score overflowed"
    assert scores["key 1"].value == -math.inf


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_user_must_put_right_stops_the_run_and_loses_nothing(workers):
    store = ScoreStore(":memory:")
    setup = Setup("Stopping")
    with (
        default_executor(workers) as executor,
        pytest.raises(DatasetError, match="no labels"),
    ):
        run(executor, setup, store)
    # At least what one worker scores; the other may have had architecture 1 in flight.
    assert store.count() >= 4


class Broken(SerialExecutor):
    calls = 0

    def submit(self, fn, /, *args, **kwargs):
        self.calls += 1
        if self.calls <= 4:
            return super().submit(fn, *args, **kwargs)
        future = Future()
        future.set_exception(BrokenExecutor("terminated abruptly"))
        return future


def test_a_dead_worker_is_told_and_loses_nothing():
    store = ScoreStore(":memory:")
    with pytest.raises(ProxyDataError, match=r"worker process died.*stored.*fewer --workers"):
        run(Broken(), Setup(), store)
    assert store.count() == 4


def test_scores_are_computed_on_one_thread_and_the_caller_keeps_its_own():
    class Threads(fake_plugin.Counted):
        def evaluate(self, architecture):
            return float(torch.get_num_threads())

    def setup():
        made = Threads()
        made.prepare(ScoringTask(fake_plugin.Numbers(), images=None))
        return made

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        _, scores = run(SerialExecutor(), setup)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert {one.value for one in scores.values()} == {1.0, -math.inf}
