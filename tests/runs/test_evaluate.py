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
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.runs import executors as room
from naslib_proxydata.runs.evaluate import evaluate
from naslib_proxydata.runs.executors import SerialExecutor, default_executor
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from tests.leaderboard import fake_plugin
from tests.runs import misbehaving

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


def test_scores_of_many_at_once_are_those_of_one_by_one(tmp_path):
    log = tmp_path / "log"
    _, expected = run(SerialExecutor(), Setup())
    computed, found = run(SerialExecutor(), Setup("Grouped", str(log)), chunk=16)
    assert computed == fake_plugin.SIZE
    same(expected, found)
    lines = log.read_text().splitlines()
    assert "together 16" in lines  # and what stood beside the one that raises, in halves
    assert any(line in lines for line in ("together 8", "together 4", "together 2"))


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


class Failing(fake_plugin.Counted):
    """Out of memory for some architectures, as long as ``fails`` says so."""

    fails = True

    def evaluate(self, architecture):
        if self.fails and architecture in (20, 40):
            raise MemoryError("no more")
        if architecture == 50:
            raise SystemExit(3)
        return float(architecture)


def failing():
    made = Failing()
    made.prepare(ScoringTask(fake_plugin.Numbers(), images=None))
    return made


def test_transient_failures_are_tried_again_by_the_next_run(tmp_path, monkeypatch):
    path = tmp_path / "scores.sqlite"
    with ScoreStore(path) as store:
        computed, scores = run(SerialExecutor(), failing, store)
        assert (computed, run(SerialExecutor(), failing, store)[0]) == (fake_plugin.SIZE, 0)
        assert scores["key 20"].reason == "MemoryError: no more"
        assert scores["key 50"].reason == "SystemExit: 3"
    monkeypatch.setattr(Failing, "fails", False)
    with ScoreStore(path) as store:
        computed, scores = run(SerialExecutor(), failing, store)
        assert computed == 4, "20, 21, 40 and 41"
        assert [scores[f"key {one}"].value for one in (20, 40)] == [20.0, 40.0]
        assert math.isnan(scores["key 50"].value), "what its code did stays"


@dataclass(frozen=True)
class Leaving:
    """Makes a predictor that ends its process, or holds it for ever, at some architectures."""

    how: str

    def __call__(self):
        made = Counted(self.how)
        made.prepare(ScoringTask(fake_plugin.Numbers(), images=None))
        return made


class Counted(fake_plugin.Counted):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def evaluate(self, architecture):
        if architecture == 20 and self.how == "hang":
            misbehaving.hang()
        if architecture == 20:
            misbehaving.leave(self.how)
        return float(architecture)


@pytest.mark.parametrize(
    ("how", "workers", "limit", "reason"),
    [
        ("_exit", 2, None, "ended by itself with exit code 3"),
        ("hang", 1, 1.0, "no score within the limit of 1 s"),
    ],
)
def test_a_lost_worker_costs_one_score_and_the_run_goes_on(how, workers, limit, reason):
    with ScoreStore(":memory:") as store, default_executor(workers, limit) as executor:
        _, scores = run(executor, Leaving(how), store)
        failed = {key for key, score in scores.items() if math.isnan(score.value)}
        assert failed == {"key 20", "key 21"}
        assert reason in scores["key 20"].reason
        assert scores["key 20"].transient
        assert store.count() == fake_plugin.SIZE - 2


def test_what_had_arrived_at_an_interrupt_is_kept_and_what_waits_is_cancelled(monkeypatch):
    class Waiting:
        """Finishes four calls, all at once, when it is waited for; then Ctrl-C is pressed."""

        def __init__(self):
            self.jobs = []

        def submit(self, fn, /, *args):
            future = Future()
            self.jobs.append((future, fn, args))
            return future

        def wait(self, seconds):
            for future, fn, args in self.jobs[:4]:
                future.set_result(fn(*args))
            raise KeyboardInterrupt

    executor = Waiting()
    monkeypatch.setattr(room, "time", SimpleNamespace(sleep=executor.wait))
    store = ScoreStore(":memory:")
    with pytest.raises(KeyboardInterrupt):
        run(executor, Setup(), store)
    assert store.count() == 4
    assert all(future.cancelled() for future, _, _ in executor.jobs[4:])


def test_a_setup_that_exits_is_told_whatever_its_code():
    """With 0 the run would end as if all were done."""

    def leaves():
        raise SystemExit(0)

    with pytest.raises(ProxyDataError, match=r"called sys\.exit\(0\); scores that had arrived"):
        run(SerialExecutor(), leaves)


def test_a_setup_that_exits_in_another_process_is_told():
    class Exits(SerialExecutor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_exception(SystemExit(3))
            return future

    with pytest.raises(ProxyDataError, match=r"called sys\.exit\(3\)"):
        run(Exits(), Setup())


class Detailed(fake_plugin.Counted):
    def evaluate(self, architecture):
        details = {"array": torch.ones(2)} if architecture == 20 else {"array": [1.0, 1.0]}
        return Score(float(architecture), details=details)


def detailed():
    made = Detailed()
    made.prepare(ScoringTask(fake_plugin.Numbers(), images=None))
    return made


def test_a_score_with_details_that_no_store_keeps_is_a_failed_one():
    _, scores = run(SerialExecutor(), detailed)
    assert math.isnan(scores["key 20"].value)
    assert scores["key 20"].reason.startswith(
        "its details are no plain data (Object of type Tensor"
    )
    assert scores["key 22"].value == 22.0
