"""The search for proxies, from a configuration to a preset that a leaderboard reads."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from naslib_proxydata.assemble.dps import run_dps
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.cli.main import group
from naslib_proxydata.config import DpsConfig, LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError, LabelError, RunFolderError, TableError
from naslib_proxydata.predictors.dps.scores import _Sharing
from naslib_proxydata.predictors.eproxy.presets import read_preset
from naslib_proxydata.runs.executors import SerialExecutor
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.space import NasBench201

LIGHT = 52
"""A seed whose first proxies have few channels."""
SMALL = {
    "seed": LIGHT,
    "cycles": 4,
    "population": 3,
    "tournament": 2,
    "keep": 2,
    "image_size": 8,
    "images": "noise",
    "shared": {"batch": 2, "iterations": 2},
}


@pytest.fixture
def label_table(tmp_path):
    space, generator = NasBench201(), numpy_generator(0, "labels")
    drawn = [space.sample(generator) for _ in range(30)]
    kept = {space.hash(one): one for one in drawn if space.carries_signal(one)}
    lines = ["architecture,accuracy"]
    lines += [f"{space.text(one)},{50 + 7 * i % 40}" for i, one in enumerate([*kept.values()][:5])]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def config(out, **values):
    return resolve(DpsConfig, None, {**SMALL, "out": out, **values})


def files(folder):
    return [(folder / name).read_text() for name in ("best.yaml", "history.json")]


class Disordered(SerialExecutor):
    """Says that a call is done only after it was asked a few times, one more often than another."""

    def __init__(self):
        self.patience = itertools.cycle([3, 0, 2, 1])

    def submit(self, fn, /, *args, **kwargs):
        future = super().submit(fn, *args, **kwargs)
        asked = itertools.count(-next(self.patience))
        future.done = lambda: next(asked) >= 0
        return future


def test_a_finished_run_is_found_whole_and_others_end_alike(tmp_path, label_table):
    own = {"label_table": label_table, "space": "nb201"}
    told = []
    first = run_dps(config(tmp_path / "one", **own), progress=lambda *one: told.append(one))
    assert told[-1][1:] == (4, 4)
    assert first.computed > 0
    assert len(first.proxies) == 2
    again = run_dps(config(tmp_path / "one", **own))
    assert (again.computed, again.proxies) == (0, first.proxies)
    run_dps(config(tmp_path / "two", **own), executor=Disordered())
    assert files(tmp_path / "one") == files(tmp_path / "two")
    run_dps(config(tmp_path / "workers", **own, workers=2))
    assert files(tmp_path / "one") == files(tmp_path / "workers")
    history = json.loads((tmp_path / "one" / "history.json").read_text())
    assert [one["cycle"] for one in history] == list(range(4))
    known = [one["fitness"] for one in history if one["fitness"] is not None]
    assert max(known) == pytest.approx(first.proxies[0].fitness)
    with pytest.raises(RunFolderError, match="cycles: 4 there, 3 now"):
        run_dps(config(tmp_path / "one", **own, cycles=3))
    run_dps(config(tmp_path / "one", **own, cycles=6))
    longer = json.loads((tmp_path / "one" / "history.json").read_text())
    assert longer[:4] == history
    assert len(longer) == 6


def test_a_preset_says_where_it_comes_from_and_ranks(tmp_path, shared_data):
    given = {"data_root": shared_data, "labels": 5, "label_seed": 3}
    done = run_dps(config(tmp_path / "run", dataset="cifar100", **given))
    where = read_preset(str(done.preset)).provenance
    assert (where.benchmark, where.dataset, where.space) == ("nb201", "cifar100", "nb201")
    assert (where.labels, where.label_seed, where.seed, where.cycles) == (5, 3, LIGHT, 4)
    assert where.evaluations == done.evaluations
    assert len(set(where.labelled)) == 5
    assert where.package
    values = {
        "predictors": f"eproxy:{done.preset},dps:{done.preset}",
        "n": 10,  # fewer have no rank figure
        "images": "noise",
        "image_size": 8,
        "data_root": shared_data,
        "out": tmp_path / "board",
    }
    board = run_leaderboard(LeaderboardConfig.parse(values, "test"))
    rows = {row.predictor: row for row in board.rows}
    assert {f"eproxy:{done.preset}", f"dps:{done.preset}"} <= set(rows)
    assert all(np.isfinite(row.spearman) for row in board.rows)


def test_a_leaderboard_with_labels_searches(tmp_path, shared_data):
    quick = {key: SMALL[key] for key in ("population", "tournament", "keep", "shared")}
    values = {
        "predictors": {"dps": {**quick, "cycles": 3}},
        "seed": LIGHT,
        "n": 14,
        "labels": 4,
        "draws": 2,
        "images": "noise",
        "image_size": 8,
        "data_root": shared_data,
        "out": tmp_path / "board",
    }
    board = run_leaderboard(LeaderboardConfig.parse(values, "test"))
    (row,) = [row for row in board.rows if row.predictor == "dps"]
    assert (row.labels, row.draws, row.n, row.n_failed) == (4, 2, 10, 0)
    assert np.isfinite(row.spearman)


def test_a_killed_search_goes_on(tmp_path, label_table):
    arguments = ["dps", "--label-table", str(label_table), "--space", "nb201", "--images", "noise"]
    for key, value in {**SMALL, "cycles": 8}.items():
        arguments += ["--set", f"{key}={json.dumps(value)}"] if key != "images" else []
    command = [sys.executable, "-m", "naslib_proxydata.cli", *arguments, "--out"]
    killed = tmp_path / "killed"
    running = subprocess.Popen([*command, str(killed)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while stored(killed / "scores.sqlite") < 6:
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not (killed / "best.yaml").exists()
    before = stored(killed / "scores.sqlite")
    whole = run_dps(resolve(DpsConfig, killed / "config.yaml", {"out": tmp_path / "whole"}))
    rest = run_dps(resolve(DpsConfig, killed / "config.yaml"))
    assert rest.computed == whole.computed - before > 0
    assert files(killed) == files(tmp_path / "whole")


def stored(path):
    if not path.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
            return store.execute("SELECT COUNT(*) FROM scores").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not-a-cell,50", "line 2: not an architecture of 'nb201'"),
        ("", "at least 3 labels are needed, got 0"),
    ],
)
def test_labels_that_cannot_be_used_are_told(tmp_path, line, message):
    table = tmp_path / "labels.csv"
    table.write_text(f"architecture,accuracy\n{line}\n")
    with pytest.raises(LabelError, match=message):
        run_dps(config(tmp_path / "run", label_table=table, space="nb201"))


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"labels": 2}, ConfigError, "labels"),
        ({"space": "nb201"}, ConfigError, "belong together"),
        ({"cycle": 3}, ConfigError, "Did you mean 'cycles'"),
        ({"shared": {"learning_rate": 1}}, ConfigError, "is what is searched"),
        ({"dataset": "cifar1O"}, TableError, "Did you mean 'cifar10'"),
        ({"labels": 15_700}, ConfigError, "take fewer --labels"),
    ],
)
def test_wrong_configurations_are_told(tmp_path, shared_data, values, error, message):
    with pytest.raises(error, match=message):
        run_dps(config(tmp_path / "run", data_root=shared_data, **values))


def test_the_command_says_what_it_found(tmp_path, label_table):
    lines = ["--label-table", str(label_table), "--space", "nb201", "--images", "noise"]
    settings = {**SMALL, "cycles": 2, "population": 2}
    for key, value in settings.items():
        lines += ["--set", f"{key}={json.dumps(value)}"] if key != "images" else []
    done = CliRunner().invoke(group, ["dps", *lines, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "fitness (Spearman on the labels)" in done.output
    assert str(tmp_path / "run" / "best.yaml") in done.output.replace("\n", "")
    kept = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert kept["cycles"] == 2


def test_a_transient_failure_is_tried_again_and_the_search_ends_as_without(
    tmp_path, label_table, monkeypatch, caplog
):
    own = {"label_table": label_table, "space": "nb201"}
    student, failures = _Sharing.student, iter([MemoryError("no more"), OSError(5, "I/O error")])

    def failing(self, architecture):
        if error := next(failures, None):
            raise error
        return student(self, architecture)

    whole = run_dps(config(tmp_path / "whole", **own))
    monkeypatch.setattr(_Sharing, "student", failing)
    assert run_dps(config(tmp_path / "run", **own)).computed > 2
    assert "2 scores failed for a cause that may pass (MemoryError: no more)" in caplog.text
    again = run_dps(config(tmp_path / "run", **own))
    assert again.computed >= 2
    assert again.proxies == whole.proxies
    assert files(tmp_path / "run") == files(tmp_path / "whole")
