"""The score store: exact, keyed by everything, and whole after any death."""

from __future__ import annotations

import dataclasses
import math
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

CONTEXT = ScoreContext("nb201", "snip", '{"a": 1}', 0, "ab12", 32, 10, "cpu", "c0de")


@pytest.fixture
def store(tmp_path):
    with ScoreStore(tmp_path / "scores.sqlite") as store:
        yield store


def test_scores_come_back_as_they_were(store):
    scores = {
        "failed": Score(math.nan, "RuntimeError: exploded", 1.5),
        "dead": Score(-math.inf, "no signal"),
        "good": Score(-0.1, "", 0.25, {"losses": [3.0, 0.1 + 0.2], "note": "ü"}),
    }
    store.add(CONTEXT, scores)
    found = store.get(CONTEXT, [*scores, "unknown"])
    assert set(found) == set(scores)
    assert math.isnan(found["failed"].value)
    assert found["failed"].reason == "RuntimeError: exploded"
    assert found["dead"] == scores["dead"]
    assert found["good"] == scores["good"]
    assert store.keys(CONTEXT) == set(scores)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_kept_exactly(value):
    with ScoreStore(":memory:") as store:
        store.add(CONTEXT, {"x": Score(value)})
        assert store.get(CONTEXT, ["x"])["x"].value == value


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ScoreContext)])
def test_each_part_of_the_context_separates_scores(store, field):
    store.add(CONTEXT, {"x": Score(1.0)})
    value = getattr(CONTEXT, field)
    other = dataclasses.replace(
        CONTEXT, **{field: value + 1 if isinstance(value, int) else value + "x"}
    )
    assert store.get(other, ["x"]) == {}
    store.add(other, {"x": Score(2.0)})
    assert store.get(CONTEXT, ["x"])["x"].value == 1.0
    assert store.count() == 2


def test_a_stored_score_is_never_replaced(store):
    store.add(CONTEXT, {"x": Score(1.0)})
    store.add(CONTEXT, {"x": Score(2.0), "y": Score(3.0)})
    assert [store.get(CONTEXT, "xy")[key].value for key in "xy"] == [1.0, 3.0]


def test_a_full_disk_is_told_and_loses_nothing(store):
    store.add(CONTEXT, {"kept": Score(1.0)})
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RunFolderError, match=r"database or disk is full.*kept.*free space"):
        store.add(CONTEXT, {"lost": Score(2.0, "x" * 100_000)})
    assert store.keys(CONTEXT) == {"kept"}
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.add(CONTEXT, {"lost": Score(2.0)})
    assert store.keys(CONTEXT) == {"kept", "lost"}


def test_what_is_no_store_is_told(tmp_path):
    path = tmp_path / "scores.sqlite"
    path.write_text("not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(RunFolderError, match="cannot open the score store"):
        ScoreStore(path)
    with pytest.raises(RunFolderError, match="unable to open"):
        ScoreStore(tmp_path / "nowhere" / "scores.sqlite")


KILLED = """
import os, signal, sys
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from naslib_proxydata.predictors.base import Score
store = ScoreStore(sys.argv[1])
context = ScoreContext("nb201", "snip", "{}", 0, "", 32, 10, "cpu", "")
for number in range(50):
    store.add(context, {str(number): Score(float(number))})
store._connection.execute("BEGIN IMMEDIATE")
store._connection.execute("DELETE FROM scores")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_the_middle_of_a_write_leaves_a_whole_store(tmp_path):
    path = tmp_path / "scores.sqlite"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with ScoreStore(path) as store:
        assert store.count() == 50


def test_a_transient_failure_counts_now_and_is_computed_again_next_time(tmp_path):
    path = tmp_path / "scores.sqlite"
    failed = Score(math.nan, "MemoryError: no more", transient=True)
    with ScoreStore(path) as store:
        store.add(CONTEXT, {"x": failed, "y": Score(1.0)})
        assert store.keys(CONTEXT) == {"x", "y"}, "it is not tried again in the same run"
        assert store.get(CONTEXT, "xy")["x"] is failed
        assert store.transient() == [failed]
        assert store.count() == 1
        other = dataclasses.replace(CONTEXT, seed=1)
        assert store.get(other, "xy") == {}
    with ScoreStore(path) as store:
        assert store.keys(CONTEXT) == {"y"}
        assert store.transient() == []
        store.add(CONTEXT, {"x": Score(2.0)})
        assert store.get(CONTEXT, "x")["x"].value == 2.0


def test_transient_failures_that_earlier_versions_stored_are_forgotten_once(tmp_path):
    """Version 0 of the file, as 0.1 wrote it, held every failure for good."""
    path = tmp_path / "scores.sqlite"
    stored = {
        "memory": Score(math.nan, "OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"),
        "allocator": Score(
            math.nan,
            "RuntimeError: [enforce fail at alloc_cpu.cpp:83] err == 0. "
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate",
        ),
        "file": Score(math.nan, "FileNotFoundError: [Errno 2] No such file"),
        "final": Score(math.nan, "RuntimeError: the loss exploded"),
        "dead": Score(-math.inf, "the output does not depend on the input"),
        "good": Score(1.0),
    }
    with ScoreStore(path) as store:
        store.add(CONTEXT, stored)
        assert store.count() == len(stored)
        store._connection.execute("PRAGMA user_version = 0")
    with ScoreStore(path) as store:
        assert store.keys(CONTEXT) == {"final", "dead", "good"}
        store.add(CONTEXT, {"memory": Score(2.0)})
        assert store.get(CONTEXT, ["memory"])["memory"].value == 2.0
