"""Metrics as columns of whole leaderboards."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from naslib_proxydata import ranking
from naslib_proxydata.errors import ConfigError, PluginError
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.leaderboard.rows import COLUMNS
from tests.leaderboard import fake_plugin


def lines(board):
    with open(board.folder / "summary.csv", newline="") as file:
        return list(csv.DictReader(file))


def values():
    return fake_plugin.NumbersTable("numbers").values("one", "validation_accuracy")


def test_a_metric_is_a_column_everywhere(board_of):
    board = board_of(metrics="ndcg,first-value", predictors="params")
    rows = {row.predictor: row for row in board.rows}
    measured = values()
    expected = {"ndcg": ranking.ndcg(np.arange(60), measured), "first-value": measured[-1] / 100}
    assert rows["params"].metrics == pytest.approx(expected)
    (line,) = [line for line in lines(board) if line["predictor"] == "params"]
    assert list(line) == [*COLUMNS, "ndcg", "first-value"]
    assert float(line["ndcg"]) == rows["params"].metrics["ndcg"]
    text = (board.folder / "summary.md").read_text()
    assert "| top 10 % | nDCG | value of the first | s / arch. |" in text
    assert f"| {100 * expected['first-value']:.0f} % |" in text


def test_tasks_stand_side_by_side_for_every_metric(board_of):
    text = (board_of(metrics="ndcg", suite="numbers").folder / "summary.md").read_text()
    assert "nDCG:\n\n| task |" in text


def test_without_metrics_the_columns_are_those_of_always(board_of):
    board = board_of(predictors="params")
    assert list(lines(board)[0]) == list(COLUMNS)
    assert {len(row.metrics) for row in board.rows} == {0}


def test_rows_are_a_list_of_dicts(board_of):
    pandas = pytest.importorskip("pandas")
    board = board_of(metrics="ndcg", predictors="params")
    frame = pandas.DataFrame(board.to_dicts())
    assert list(frame.columns) == [*COLUMNS, "ndcg"]
    assert frame["spearman"].tolist() == [row.spearman for row in board.rows]
    assert math.isnan(board.to_dicts()[0]["paper_spearman"])


def test_with_labels_it_is_the_mean_over_draws(board_of):
    board = board_of(metrics="ndcg", predictors="params", labels=10, draws=4)
    measured = values()
    expected = [
        ranking.ndcg(draw.rest.astype(float), measured[draw.rest])
        for draw in draw_labels(measured, 10, 4, 0, "numbers", "one")
    ]
    (row,) = [row for row in board.rows if row.predictor == "params"]
    assert row.metrics["ndcg"] == pytest.approx(np.mean(expected))


def test_options_and_labels_of_metrics(board_of):
    board = board_of(
        ["metrics.best5.metric=ndcg", "metrics.best5.k=5", "metrics.ndcg={}"], predictors="params"
    )
    rows = {row.predictor: row for row in board.rows}
    assert rows["params"].metrics == pytest.approx(
        {
            "best5": ranking.ndcg(np.arange(60), values(), k=5),
            "ndcg": ranking.ndcg(np.arange(60), values()),
        }
    )
    assert "| best5 | nDCG |" in (board.folder / "summary.md").read_text()


def test_another_metric_costs_no_score(board_of, scored):
    before = board_of()
    count = scored()
    board = board_of(metrics="ndcg")
    assert (board.computed, scored()) == (0, count)
    assert [row.spearman for row in board.rows] == [row.spearman for row in before.rows]
    assert all("ndcg" in row.metrics for row in board.rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": "ndgc"}, r"unknown metric 'ndgc'.*Did you mean 'ndcg'"),
        ({"metrics": {"ndcg": {"kk": 3}}}, r"unknown option 'kk' in metric 'ndcg'.*'k'"),
        ({"metrics": {"ndcg": {"k": 0}}}, "at least 1; got 0"),
        ({"metrics": {"seed": {"metric": "ndcg"}}}, "'ndcg' cannot be labelled 'seed'"),
        ({"metrics": {"kendall": {"metric": "ndcg"}}}, "'ndcg' cannot be labelled 'kendall'"),
    ],
)
def test_a_mistyped_metric_is_told_before_anything_is_scored(
    board_of, scored, tmp_path, options, message
):
    with pytest.raises(ConfigError, match=message):
        board_of(**options)
    assert scored() == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("broken", r"fake_plugin.*metric 'broken' raised ZeroDivisionError: no values"),
        ("wordy", r"fake_plugin.*metric 'wordy' returned 'good'; expected a finite number"),
    ],
)
def test_a_bad_metric_is_told_after_all_else_is_written(
    board_of, scored, tmp_path, metric, message
):
    with pytest.raises(PluginError, match=message):
        board_of(metrics=f"{metric},ndcg")
    count = scored()
    assert count == 29
    with open(tmp_path / "run" / "summary.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert {line[metric] for line in found} == {""}
    assert all(float(line["ndcg"]) > 0 and float(line["spearman"]) for line in found)
    assert (tmp_path / "run" / "summary.md").is_file()
    board_of(metrics="ndcg")
    assert scored() == count


def test_a_metric_cannot_spoil_what_others_see(board_of):
    board = board_of(metrics="writing,ndcg", predictors="params")
    rows = {row.predictor: row for row in board.rows}
    assert rows["params"].metrics["writing"] == 0.5
    assert rows["params"].metrics["ndcg"] == ranking.ndcg(np.arange(60), values())
