"""Leaderboards in which predictors may learn from a few labels."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError, LabelError
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.ranking import spearman
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)


def run(folder, **options):
    values = {
        "benchmark": "numbers",
        "predictors": "params",
        "n": "all",
        "images": "noise",
        "labels": 10,
        "draws": 4,
        "plugin": [PLUGIN],
        "out": folder,
        **options,
    }
    return run_leaderboard(resolve(LeaderboardConfig, None, values))


def test_structure_only_is_shown_beside_params_and_macs(tmp_path):
    board = run(tmp_path / "labels")
    rows = {row.predictor: row for row in board.rows}
    assert set(rows) == {"params", "random", "macs", "few-label-structure"}
    assert {(row.labels, row.draws, row.n) for row in board.rows} == {(10, 4, 50)}
    assert "4 draws of 10 labelled architectures" in (board.folder / "summary.md").read_text()
    without = run(tmp_path / "none", labels=0)
    assert {row.predictor for row in without.rows} == {"params", "random", "macs"}


def test_all_predictors_are_ranked_on_the_same_rest(tmp_path):
    board = run(tmp_path / "run", dataset="one", metric="test_accuracy")
    values = fake_plugin.NumbersTable("numbers").values("one", "test_accuracy")
    draws = draw_labels(values, 10, 4, 0, "numbers", "one")
    expected = np.mean([spearman(draw.rest.astype(float), values[draw.rest]) for draw in draws])
    (params,) = [row for row in board.rows if row.predictor == "params"]
    assert params.spearman == pytest.approx(expected)
    other = run(tmp_path / "other", dataset="one", metric="test_accuracy", label_seed=1)
    assert other.rows[0].spearman != board.rows[0].spearman


def test_parts_are_computed_once_for_their_rows_and_for_what_combines_them(tmp_path, shared_data):
    predictors = {"synflow": {}, "few-label": {"proxies": ["synflow"]}}
    board = run(
        tmp_path / "run",
        benchmark="nb201",
        data_root=shared_data,
        predictors=predictors,
        n=15,
        labels=5,
        draws=2,
    )
    with sqlite3.connect(board.folder / "scores.sqlite") as store:
        counts = dict(
            store.execute(
                "SELECT predictor, COUNT(*) FROM scores JOIN contexts ON id = context "
                "GROUP BY predictor"
            )
        )
    assert set(counts) == {"synflow", "few-label-structure", "random", "params", "macs"}
    assert board.computed == sum(counts.values())
    rows = {row.predictor: row for row in board.rows}
    assert rows["few-label"].seconds_per_architecture > rows["synflow"].seconds_per_architecture
    assert all(np.isfinite(row.spearman) for row in board.rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": 2}, "labels must be 0 or at least 3, got 2"),
        ({"labels": -1}, "labels"),
        ({"n": 11}, "at least two architectures beside 10 labelled ones, got 11"),
        ({"labels": 59}, r"59 labelled .* fewer than two of the 60"),
        ({"draws": 0}, "draws"),
    ],
)
def test_too_few_and_too_many_labels_are_told(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path / "run", **options)


def labelled(tmp_path, numbers, accuracy):
    file = tmp_path / "labels.csv"
    rows = [f"{number},{accuracy(number)}" for number in numbers]
    file.write_text("\n".join(["architecture,accuracy", *rows]))
    return file


def test_labels_of_a_file_are_learnt_from_and_not_ranked(tmp_path):
    """The file says that fewer is better, the table that more is."""
    file = labelled(tmp_path, range(10, 50, 4), lambda number: 100 - number)
    options = {"labels": 0, "label_table": file, "dataset": "one", "metric": "test_accuracy"}
    board = run(tmp_path / "run", **options)
    rows = {row.predictor: row for row in board.rows}
    assert {(row.labels, row.draws, row.n) for row in board.rows} == {(10, 0, 60 - 2 * 10)}
    assert rows["few-label-structure"].spearman < -0.5
    assert rows["params"].spearman > 0.5
    assert (
        "10 labelled architectures of the label table" in (board.folder / "summary.md").read_text()
    )


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="drawn or come from label_table, not both"):
        run(tmp_path / "run", label_table=tmp_path / "labels.csv")
    file = labelled(tmp_path, [2, 4, 6], lambda number: 7)
    with pytest.raises(LabelError, match=r"labels.csv: all 3 accuracies are 7.0"):
        run(tmp_path / "run", labels=0, label_table=file)
    file = labelled(tmp_path, range(0, 60, 2), lambda number: number)
    with pytest.raises(ConfigError, match="holds all but 0 of the 60 drawn architectures"):
        run(tmp_path / "run", labels=0, label_table=file)
