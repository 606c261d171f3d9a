"""Leaderboards and searches in which a predictor knows the other tasks of a table."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import EvolveConfig, LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError, ProxyDataError
from naslib_proxydata.spaces.nb201.space import NasBench201

TRANSFER = "few-label-transfer"


@pytest.fixture
def source(tmp_path):
    """Return a table of two tasks that agree, of which structure tells nothing."""
    space, generator = NasBench201(), np.random.default_rng(0)
    texts = dict.fromkeys(space.text(space.sample(generator)) for _ in range(90))
    with open(tmp_path / "mine.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", "error", "accuracy"])
        for text in texts:
            value = generator.random()
            writer.writerow([text, value, 1 - value])
    return f"csv:{tmp_path / 'mine.csv'}"


def ranked(source, folder, **options):
    values = {
        "benchmark": source,
        "space": "nb201",
        "dataset": ["error", "accuracy"],
        "lower_is_better": ["error"],
        "predictors": {TRANSFER: {}},
        "n": "all",
        "images": "noise",
        "labels": 15,
        "draws": 2,
        "out": folder,
        **options,
    }
    board = run_leaderboard(resolve(LeaderboardConfig, None, values))
    return {(row.predictor, row.dataset): row for row in board.rows}


def test_every_row_names_its_sources_and_never_its_own(source, tmp_path, few_figures):
    rows = ranked(source, tmp_path / "run")
    assert rows[TRANSFER, "error"].sources == "csv:mine accuracy"
    assert rows[TRANSFER, "accuracy"].sources == "csv:mine error"
    assert rows["params", "error"].sources == ""
    assert min(rows[TRANSFER, dataset].spearman for dataset in ("error", "accuracy")) > 0.8
    assert abs(rows["few-label-structure", "error"].spearman) < 0.5
    with open(tmp_path / "run" / "summary.csv", newline="") as file:
        assert "csv:mine error" in {row["sources"] for row in csv.DictReader(file)}


def test_without_labels_the_other_task_counts_the_right_way_round(source, tmp_path, few_figures):
    rows = ranked(source, tmp_path / "run", labels=0)
    assert rows[TRANSFER, "error"].spearman > 0.95
    assert rows[TRANSFER, "accuracy"].spearman > 0.95


def test_a_source_that_is_not_there_is_told_before_anything_is_written(source, tmp_path):
    with pytest.raises(ProxyDataError, match="Did you mean 'nb201'"):
        ranked(source, tmp_path / "run", predictors={TRANSFER: {"sources": ["nb20"]}})
    assert not (tmp_path / "run").exists()


def test_a_benchmark_of_another_space_is_no_source(source, tmp_path, shared_data):
    options = {"sources": ["nb101"], "data_root": str(shared_data)}
    with pytest.raises(ConfigError, match="not of 'nb201'"):
        ranked(source, tmp_path / "run", predictors={TRANSFER: options})


def test_a_search_finds_by_the_other_task(source, tmp_path, few_figures):
    values = {
        "space": "nb201",
        "benchmark": source,
        "dataset": "accuracy",
        "predictor": {"name": TRANSFER},
        "optimizer": {"name": "random"},
        "queries": 12,
        "labels": 8,
        "per_round": 4,
        "evaluations": 60,
        "images": "noise",
        "out": tmp_path / "run",
    }
    found = run_evolve(resolve(EvolveConfig, None, values))
    result = json.loads((found.folder / "result.json").read_text())
    assert result["best"]["round"] == 1
    chosen = [query.value for query in found.history if query.round == 1]
    assert min(chosen) > max(query.value for query in found.history[:8]) - 0.1
