"""Whole runs on a fake space: shared, repeated, killed, overwritten, parallel, absent."""

from __future__ import annotations

import csv
import json
import math
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from scipy import stats

from naslib_proxydata.assemble import leaderboard
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.assemble.tasks import _suite
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.errors import (
    ConfigError,
    DatasetError,
    RunFolderError,
    TableAbsentError,
    TableError,
)
from naslib_proxydata.runs import executors
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.store import ScoreStore
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)


@pytest.fixture
def plugins_of_the_package():
    return load_plugins(())


@pytest.fixture(autouse=True)
def few_figures(request, monkeypatch):
    """Draw no figures, which would take most of the time, but where a test asks for them."""
    if "figures" not in request.fixturenames:
        monkeypatch.setattr(leaderboard, "_draw", lambda folder, evaluations: [])


@pytest.fixture
def figures():
    """Draw the figures in this test."""


@pytest.fixture
def run(tmp_path):
    """Run a leaderboard on the fake benchmark; options as on the command line."""

    def run(executor=None, progress=None, **options):
        values = {
            "benchmark": "numbers",
            "predictors": {"counted": {"log": str(tmp_path / "log")}},
            "n": "all",
            "images": "noise",
            "plugin": [PLUGIN],
            "out": tmp_path / "run",
            **options,
        }
        config = resolve(LeaderboardConfig, None, values)
        return run_leaderboard(config, executor=executor, progress=progress)

    return run


@pytest.fixture
def computed(tmp_path):
    """Count how often a score was computed since the last call."""
    seen = 0

    def count():
        nonlocal seen
        log = tmp_path / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        new, seen = lines[seen:], len(lines)
        return len(new)

    return count


def summary(folder: Path):
    """Return the rows of ``summary.csv``, without the times, which differ from run to run."""
    with open(folder / "summary.csv", newline="") as lines:
        return [
            {key: value for key, value in line.items() if key != "seconds_per_architecture"}
            for line in csv.DictReader(lines)
        ]


def test_a_run_leaves_every_file(run, tmp_path, figures):
    board = run(seed=[0, 1])
    files = {str(path.relative_to(tmp_path / "run")) for path in (tmp_path / "run").rglob("*.*")}
    assert files == {
        "absent.csv",
        "architectures.csv",
        "config.yaml",
        "env.json",
        "report.html",
        "results_long.csv",
        "scores.sqlite",
        "summary.csv",
        "summary.md",
        "plots/spearman_numbers_one.png",
        "plots/cost_numbers_one.png",
        "plots/scores_numbers_one_seed0.png",
        "plots/scores_numbers_one_seed1.png",
    }
    rows = summary(board.folder)
    assert [(row["predictor"], row["seed"]) for row in rows] == [
        (name, str(seed)) for seed in (0, 1) for name in ("counted", "random", "params", "macs")
    ]
    assert {row["metric"] for row in rows} == {"validation_accuracy"}
    assert {row["images"] for row in rows} == {"none"}
    assert json.loads((board.folder / "env.json").read_text())["seeds"] == [0, 1]


def test_rho_is_that_of_the_scores_against_the_table(run):
    board = run(dataset="one", metric="test_accuracy")
    values = fake_plugin.NumbersTable("numbers").values("one", "test_accuracy")
    (params,) = [row for row in board.rows if row.predictor == "params"]
    assert params.spearman == pytest.approx(stats.spearmanr(range(60), values).statistic)
    (counted,) = [row for row in board.rows if row.predictor == "counted"]
    # 20, 21 raise and 30, 31 overflow; 0 and 1 carry no signal.
    assert (counted.n, counted.n_failed, counted.n_no_signal) == (60, 4, 2)


def test_scores_are_computed_in_the_order_of_the_draw(run, tmp_path):
    predictors = {"raw": {"log": str(tmp_path / "log")}}
    run(n=20, predictors=predictors)
    first = (tmp_path / "log").read_text().splitlines()
    run(n=40, predictors=predictors)
    drawn = (tmp_path / "log").read_text().splitlines()
    (tmp_path / "log").unlink()
    run(n=40, predictors=predictors, out=tmp_path / "other")
    assert (tmp_path / "log").read_text().splitlines() == drawn
    assert drawn[: len(first)] == first


def test_equal_architectures_are_scored_once_unless_seen_raw(run, computed, tmp_path):
    run()
    assert computed() == 29  # 30 classes, one of them without signal
    run(predictors={"raw": {"log": str(tmp_path / "log")}}, overwrite=True)
    assert computed() == 58  # 60 texts, two of them without signal


def test_tasks_and_benchmarks_of_one_space_share_scores(run, computed):
    board = run(suite="numbers:one,numbers:two,twins", predictors={"params": {}})
    assert board.computed == 60 + 60 + 60  # random, params, macs, none of them twice
    board = run(benchmark="numbers,twins", dataset="one,two", overwrite=True)
    assert computed() == 29
    rows = [row for row in board.rows if row.predictor == "counted"]
    assert [(row.benchmark, row.dataset, row.n) for row in rows] == [
        ("numbers", "one", 60),
        ("numbers", "two", 40),
        ("twins", "one", 60),
        ("twins", "two", 40),
    ]


def test_running_again_computes_nothing_and_gives_the_same(run, computed):
    first = run()
    files = {path: path.read_text() for path in first.folder.glob("summary.*")}
    assert computed() == 29
    again = run(workers=2)
    assert (again.computed, computed()) == (0, 0)
    assert {path: path.read_text() for path in files if path.suffix == ".csv"} == {
        path: text for path, text in files.items() if path.suffix == ".csv"
    }


def test_overwrite_starts_anew_and_its_copy_of_the_configuration_never_does(run, computed):
    run()
    computed()
    board = run(overwrite=True)
    assert computed() == 29
    assert yaml.safe_load((board.folder / "config.yaml").read_text())["overwrite"] is False


def test_another_configuration_is_refused(run):
    run()
    with pytest.raises(RunFolderError, match="n: 'all' there, 20 now"):
        run(n=20)


def test_scores_of_other_settings_are_not_used(run, computed, tmp_path):
    log = {"log": str(tmp_path / "log")}
    predictors = {"counted": log, "shifted": {"predictor": "counted", "offset": 100.0, **log}}
    board = run(predictors=predictors)
    assert computed() == 58
    rows = {row.predictor: row for row in board.rows}
    assert rows["shifted"].spearman == rows["counted"].spearman
    assert list(rows) == ["counted", "shifted", "random", "params", "macs"]


def test_a_predictor_may_rank_by_an_aggregate(run):
    board = run(predictors="counted,summed", suite="numbers:two")
    rows = {row.predictor: row for row in board.rows}
    assert rows["counted"].spearman > 0.3
    assert rows["summed"].spearman < 0


@pytest.mark.parametrize("n", [10, 25])
def test_a_larger_sample_holds_the_smaller_one(run, tmp_path, n):
    def drawn(out, **options):
        run(out=tmp_path / out, predictors="raw", **options)
        with sqlite3.connect(tmp_path / out / "scores.sqlite") as store:
            return {key for (key,) in store.execute("SELECT DISTINCT architecture FROM scores")}

    small, large = drawn("small", n=n), drawn("large", n=n + 10)
    assert len(small) == n
    assert small < large
    other = drawn("other", n=n, seed=[1])
    assert other != small
    assert drawn("fixed", n=n, seed=[1], sample_seed=0) == small


def test_too_large_an_n_takes_all_and_says_so(run, caplog):
    board = run(n=1000)
    assert {row.n for row in board.rows} == {60}
    assert "all are taken instead of 1000" in caplog.text


def test_results_do_not_depend_on_workers_or_executor(run, tmp_path):
    run(out=tmp_path / "one")
    run(out=tmp_path / "two", workers=2)
    with ThreadPoolExecutor(3) as threads:
        run(out=tmp_path / "threads", executor=threads)
    expected = summary(tmp_path / "one")
    assert summary(tmp_path / "two") == expected
    assert summary(tmp_path / "threads") == expected

    def scores(name):
        with sqlite3.connect(tmp_path / name / "scores.sqlite") as store:
            return store.execute("SELECT architecture, value, details FROM scores").fetchall()

    assert sorted(scores("one"), key=repr) == sorted(scores("two"), key=repr)


def test_a_suite_lists_what_is_absent_and_goes_on(run):
    board = run(suite="numbers,nowhere:one,nb201:cifar10", data_root="/nonexistent")
    assert {row.dataset for row in board.rows} == {"one", "two"}
    absent = {(one.benchmark, one.dataset): one.reason for one in board.absent}
    assert set(absent) == {("numbers", "three"), ("nowhere", "one"), ("nb201", "cifar10")}
    assert absent["nowhere", "one"] == "Count them."
    text = (board.folder / "summary.md").read_text()
    assert "| `nowhere` | 1: one | Count them. |" in text
    assert "## All tasks" in text


def test_too_few_to_rank_have_no_figure_and_a_note(run, caplog):
    board = run(n=9, metrics="best-rank")
    assert "numbers one: a rank figure needs at least 10 architectures, got 9" in caplog.text
    for row in board.rows:
        assert row.n == 9
        assert "take a larger n" in row.note
        figures = (row.spearman, row.spearman_low, row.kendall, row.top10_retrieval)
        assert all(map(math.isnan, (*figures, row.metrics["best-rank"])))
    board = run(n=10, metrics="best-rank", overwrite=True)
    assert not any(row.note for row in board.rows)
    assert not math.isnan(board.rows[-1].spearman)


def test_the_suite_of_all_leaves_out_what_measures_noise(plugins_of_the_package):
    chosen = _suite(LeaderboardConfig(suite="all"), plugins_of_the_package)
    left_out = set(plugins_of_the_package.names("benchmarks")) - set(chosen)
    assert {name.split("-", 2)[2] for name in left_out} == {
        *("lr-wd", "lr-wd-in", "reruns"),
    }
    assert len(left_out) == 8
    noisy = "nds-resnet-reruns"
    assert set(_suite(LeaderboardConfig(suite=noisy), plugins_of_the_package)) == {noisy}


def test_the_suite_of_the_paper_is_that_of_its_tables(plugins_of_the_package):
    chosen = _suite(LeaderboardConfig(suite="paper"), plugins_of_the_package)
    assert chosen.pop("nb101") == ("cifar10",)
    assert len(chosen.pop("transnas-macro")) == 7
    assert len(chosen.pop("nasbench-mr")) == 9
    cifar10 = [name for name, datasets in chosen.items() if datasets == ("cifar10",)]
    imagenet = [name for name, datasets in chosen.items() if datasets == ("imagenet",)]
    assert (len(cifar10), len(imagenet), len(chosen)) == (11, 8, 19)
    assert all(name.startswith("nds-") for name in chosen)


def test_a_suite_skips_datasets_without_the_metric(run):
    board = run(suite="numbers", metric="test_accuracy", predictors="params")
    assert {row.dataset for row in board.rows} == {"one"}
    (reason,) = [one.reason for one in board.absent if one.dataset == "two"]
    assert "no test_accuracy" in reason


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"suite": "nowhere"}, TableAbsentError, r"nothing of the suite is there.*Count them"),
        ({"suite": "numbers:on"}, ConfigError, r"unknown dataset 'on'.*Did you mean 'one'"),
        ({"suite": "numbrs"}, ConfigError, r"unknown benchmark 'numbrs'.*'numbers'"),
        ({"suite": "papr"}, ConfigError, r"unknown benchmark 'papr'.*Did you mean 'paper'"),
        ({"benchmark": "nowhere"}, TableAbsentError, "no file"),
        ({"dataset": "three"}, TableError, r"unknown dataset 'three'.*Numbers"),
        ({"metric": "tset_accuracy"}, TableError, r"Did you mean 'test_accuracy'"),
        ({"predictors": "conted"}, ConfigError, r"unknown predictor 'conted'.*'counted'"),
        ({"predictors": {"counted": {"lgo": 1}}}, ConfigError, r"unknown option 'lgo'.*'log'"),
        ({"device": "quantum"}, ConfigError, r"device 'quantum' cannot be used.*'auto'"),
        ({"images": "photoz"}, DatasetError, "photoz"),
    ],
)
def test_bad_input_is_told_before_anything_is_computed(run, computed, options, error, message):
    with pytest.raises(error, match=message):
        run(**options)
    assert computed() == 0


def test_a_predictor_may_be_named_by_an_alias(run):
    several = {"grad_norm": {}, "mine": {"predictor": "grad_norm"}, "grad-norm": {}}
    board = run(predictors=several, n=2)
    assert set(several) <= {row.predictor for row in board.rows}
    again = run(predictors="grad-norm", n=2, overwrite=True)
    assert board.computed == again.computed  # one predictor, scored once


def test_what_stops_a_run_leaves_the_scores_before(run, tmp_path):
    with pytest.raises(DatasetError, match="no labels"):
        run(predictors={"counted": {"log": str(tmp_path / "log")}, "stopping": {}})
    with sqlite3.connect(tmp_path / "run" / "scores.sqlite") as store:
        assert store.execute("SELECT COUNT(*) FROM scores").fetchone()[0] >= 30


def test_a_full_disk_is_told_and_the_run_goes_on_afterwards(run, tmp_path, computed, monkeypatch):
    """SQLite itself runs out of the pages it may use, in the middle of a run."""
    connect = sqlite3.connect

    def small(*args, **options):
        connection = connect(*args, **options)
        connection.execute("PRAGMA max_page_count = 8")
        return connection

    log = {"log": str(tmp_path / "log")}
    many = {"counted": log, "raw": log, "second": {"predictor": "raw", "offset": 1.0, **log}}
    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(RunFolderError, match=r"database or disk is full.*kept"):
        run(predictors=many)
    monkeypatch.setattr(sqlite3, "connect", connect)
    before = computed()
    run(predictors=many)
    assert before + computed() <= 29 + 58 + 58 + 1  # at most the score that did not fit, again
    assert before > 29


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_and_gives_the_same_summary(run, tmp_path, computed, workers):
    log = tmp_path / "log"
    arguments = ["leaderboard", "--benchmark", "numbers", "--n", "all", "--images", "noise"]
    arguments += ["--predictors", "raw", "--plugin", str(PLUGIN), "--workers", str(workers)]
    arguments += ["--set", f"predictors.raw.log={log}", "--set", "predictors.raw.sleep=0.02"]
    arguments += ["--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "naslib_proxydata.cli", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (log.exists() and len(log.read_text().splitlines()) >= 15):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = computed()
    assert before < 58
    predictors = {"raw": {"log": str(log), "sleep": 0.02}}
    run(predictors=predictors)  # goes on in the same folder
    after = computed()
    in_flight = 1 if workers == 1 else executors.IN_FLIGHT
    assert 0 < after <= 58 - before + in_flight
    run(predictors=predictors, out=tmp_path / "whole")
    assert summary(tmp_path / "run") == summary(tmp_path / "whole")


def test_workers_end_with_the_process_that_was_killed(tmp_path):
    """A killed run must not leave processes behind that wait for work forever."""
    log = tmp_path / "log"
    program = f"""
import os
from pathlib import Path
from naslib_proxydata.runs.executors import default_executor
if __name__ == "__main__":
    executor = default_executor(2)
    pids = [executor.submit(os.getpid).result() for _ in range(2)]
    Path({str(log)!r}).write_text(" ".join(map(str, pids)))
    os.kill(os.getpid(), 9)
"""
    script = tmp_path / "script.py"
    script.write_text(program)
    subprocess.run([sys.executable, str(script)], check=False)
    pids = {int(pid) for pid in log.read_text().split()}
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlived the run"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    return state != "Z"


def test_progress_is_told_for_each_predictor(run):
    seen = []
    run(progress=lambda title, done, total: seen.append((title, done, total)))
    titles = list(dict.fromkeys(title for title, _, _ in seen))
    assert titles == [
        f"numbers {name} (seed 0)" for name in ("counted", "random", "params", "macs")
    ]
    assert (titles[0], 0, 30) in seen
    assert (titles[0], 30, 30) in seen


def test_no_row_is_made_of_nan_alone(run):
    for row in run().rows:
        assert not math.isnan(row.spearman)
        assert row.spearman_low <= row.spearman <= row.spearman_high


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_reaches_the_caller_workers_gone_and_scores_kept(run, tmp_path, workers):
    def stop(title, done, total):
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=stop, workers=workers)
    assert not multiprocessing.active_children()
    with ScoreStore(tmp_path / "run" / "scores.sqlite") as store:
        kept = store.count()
    assert 5 <= kept < 30
    assert run().computed == 30 + 3 * 60 - kept


def test_transient_failures_are_told_and_tried_again(run, tmp_path, caplog):
    options = {"how": "memory", "mended": str(tmp_path / "mended")}
    failing = {"predictors": {"misbehaving": options}}
    (row,) = [one for one in run(**failing).rows if one.predictor == "misbehaving"]
    assert row.n_failed == 6, "20, 21, 30 and 31 for good, 40 and 41 as long as memory lacks"
    told = "1 score failed for a cause that may pass (MemoryError: no more)"
    assert told in caplog.text
    assert told in (tmp_path / "run" / "summary.md").read_text()
    caplog.clear()
    (tmp_path / "mended").touch()
    again = run(**failing)
    (row,) = [one for one in again.rows if one.predictor == "misbehaving"]
    assert (row.n_failed, again.computed) == (4, 1)
    assert "may pass" not in caplog.text
    run(**failing, out=tmp_path / "whole")
    assert summary(tmp_path / "run") == summary(tmp_path / "whole")


def test_a_time_limit_changes_no_configuration_and_is_not_for_others_executors(run):
    first = run()
    assert run(score_time_limit=50).computed == 0
    assert len(first.rows) == 4
    with (
        ThreadPoolExecutor(1) as threads,
        pytest.raises(ConfigError, match="score_time_limit is kept by this package's own workers"),
    ):
        run(executor=threads, score_time_limit=50)
    with pytest.raises(ConfigError, match=r"score_time_limit.*greater than 0"):
        run(score_time_limit=0)
