"""The score store: exact, keyed by everything, and whole after any death."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from tests.damage import damaged, many_copies, refused

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


def test_contexts_are_known_in_the_order_in_which_they_came(store):
    assert store.contexts() == []
    other = dataclasses.replace(CONTEXT, seed=1)
    for context in (CONTEXT, other, CONTEXT):
        store.add(context, {"a": Score(1.0)})
    assert store.contexts() == [CONTEXT, other]


def test_a_reason_with_a_name_of_a_file_that_is_no_utf_8_is_kept(store):
    store.add(CONTEXT, {"x": Score(math.nan, "ValueError: caf\udce9\0")})
    assert store.get(CONTEXT, ["x"])["x"].reason == "ValueError: caf\\udce9\0"


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
    with pytest.raises(RunFolderError, match=r"cannot open the score store .*--overwrite"):
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


# ------------------------------------------------------------------------------- damaged stores

SCORES = {"a": Score(1.0, "", 0.5, {"losses": [1.0, 2.0]}), "b": Score(math.nan, "failed")}


@pytest.fixture
def stored(tmp_path):
    """The file of a store with two scores."""
    path = tmp_path / "scores.sqlite"
    with ScoreStore(path) as store:
        store.add(CONTEXT, SCORES)
    return path


def change(path, *statements):
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


DAMAGE = {
    "broken JSON": "details = '{\"losses\": [1.0'",
    "empty JSON": "details = ''",
    "JSON that is no object": "details = '[1]'",
    "deep JSON": "details = '" + "[" * 5000 + "'",
    "bytes": "details = x'ff00'",
    "no UTF-8": "details = CAST(x'7b22c3ff223a317d' AS TEXT)",
    "a text for a value": "value = 'good'",
    "bytes for a value": "value = x'00'",
    "an infinite value": "value = 9e999",
    "a text for the seconds": "seconds = 'soon'",
    "bytes for a reason": "reason = x'00'",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_score_is_computed_anew(stored, damage, caplog):
    change(stored, f"UPDATE scores SET {damage} WHERE architecture = 'a'")
    with ScoreStore(stored) as store:
        assert store.keys(CONTEXT) == {"b"}
        assert "1 damaged scores are computed anew" in caplog.text
        store.add(CONTEXT, SCORES)
        assert store.get(CONTEXT, "a") == {"a": SCORES["a"]}


def test_a_damaged_score_is_no_score_for_who_asks_for_it_alone(stored):
    change(stored, "UPDATE scores SET details = '{' WHERE architecture = 'a'")
    with ScoreStore(stored) as store:
        assert set(store.get(CONTEXT, "ab")) == {"b"}
        store.add(CONTEXT, SCORES)
        assert store.get(CONTEXT, "a") == {"a": SCORES["a"]}


def test_scores_whose_context_is_lost_are_nobody_else_s(stored):
    """The next context would be given the number of the lost one, and its scores."""
    change(stored, "DROP TABLE contexts")
    other = dataclasses.replace(CONTEXT, seed=1)
    with ScoreStore(stored) as store:
        store.add(other, {"c": Score(3.0)})
        assert store.keys(other) == {"c"}
        assert store.keys(CONTEXT) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE scores ADD COLUMN colour",
        "ALTER TABLE scores RENAME COLUMN value TO worth",
        'ALTER TABLE contexts RENAME COLUMN seed TO "\x1b[2J"',
        "CREATE VIEW IF NOT EXISTS scores AS SELECT 1",
    ],
)
def test_a_store_with_other_tables_is_refused_and_left_alone(stored, statement):
    if "VIEW" in statement:
        change(stored, "DROP TABLE scores")
    change(stored, statement)
    with pytest.raises(RunFolderError, match=r"scores.sqlite: .*--overwrite") as told:
        ScoreStore(stored)
    assert str(told.value).isprintable()


def test_a_missing_table_is_made(stored):
    change(stored, "DROP TABLE scores")
    with ScoreStore(stored) as store:
        assert store.is_empty()
        store.add(CONTEXT, SCORES)
        assert store.keys(CONTEXT) == {"a", "b"}


@pytest.mark.parametrize("cut", [0, 1, 50, 100, 5000])
def test_a_truncated_store_is_told_or_begun_anew(stored, cut):
    stored.write_bytes(stored.read_bytes()[:cut])
    found = refused(lambda: ScoreStore(stored), "scores.sqlite")
    if found is not None:
        assert found.is_empty()
        found.close()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_damaged_log_is_told_or_left_out(stored, suffix):
    beside = stored.with_name(stored.name + suffix)
    beside.write_bytes(b"garbage" * 1000)
    with ScoreStore(stored) as store:
        assert store.get(CONTEXT, "ab").keys() == SCORES.keys()
    beside.unlink(missing_ok=True)
    beside.mkdir()
    found = refused(lambda: ScoreStore(stored), "scores.sqlite")
    if found is not None:
        found.close()


@many_copies
@given(st.data())
def test_a_store_with_any_damage_is_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("store")
    path = folder / "scores.sqlite"
    path.write_bytes(data.draw(damaged(_bytes_of_a_store())))

    def use():
        with ScoreStore(path) as store:
            store.keys(CONTEXT)
            store.add(CONTEXT, {"new": Score(4.0)})
            return store.get(CONTEXT, ["a", "b", "new"])

    found = refused(use, "scores.sqlite")
    if found is not None:
        assert all(isinstance(score.value, float) for score in found.values())
        assert found["new"].value == 4.0


@functools.cache
def _bytes_of_a_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.sqlite"
        with ScoreStore(path) as store:
            store.add(CONTEXT, {**SCORES, **{str(n): Score(n / 7, "", 0.1) for n in range(60)}})
        return path.read_bytes()


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
