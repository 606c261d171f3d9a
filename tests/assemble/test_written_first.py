"""What was computed is written before its figures, which a full disk may refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.assemble.search import run_search
from naslib_proxydata.assemble.select import run_select
from naslib_proxydata.config import (
    EvolveConfig,
    LeaderboardConfig,
    SearchConfig,
    SelectConfig,
    resolve,
)
from naslib_proxydata.errors import FileError, RunFolderError
from naslib_proxydata.runs.folder import RunFolder
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)
RUNS: dict[str, tuple[Any, Any, dict[str, Any], set[str]]] = {
    "select": (
        run_select,
        SelectConfig,
        {"selector": "random", "size": 9, "plot": True, "scorer": "pixels", "save_scores": True},
        {"selection.npz", "selection.json", "scores.npz"},
    ),
    "search": (
        run_search,
        SearchConfig,
        {"channels": 4, "cells": 1, "training": {"epochs": 1, "batch_size": 512}},
        {"result.json", "history.json", "checkpoint.pt"},
    ),
    "evolve": (
        run_evolve,
        EvolveConfig,
        {"space": "numbers", "images": "noise", "plugin": [PLUGIN], "dataset": "one", "queries": 5},
        {"history.csv", "result.json"},
    ),
    "leaderboard": (
        run_leaderboard,
        LeaderboardConfig,
        {"benchmark": "numbers", "plugin": [PLUGIN], "predictors": "random", "images": "noise"},
        {"summary.csv", "scores.sqlite"},
    ),
}


@pytest.mark.parametrize("command", RUNS)
def test_nothing_computed_is_lost_where_no_figure_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def full(*_: object) -> str:
        raise RunFolderError("cannot write plots: No space left on device")

    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(RunFolder, "draw", full)
    run, schema, settings, kept = RUNS[command]
    config = resolve(schema, None, {**settings, "out": tmp_path / "run"})
    with pytest.raises(RunFolderError, match="No space left"):
        run(config)
    assert kept | {"config.yaml", "env.json"} <= {one.name for one in (tmp_path / "run").iterdir()}


def test_without_a_home_folder_only_scores_need_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    for name in ("NASLIB_PROXYDATA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    settings = {"size": 9, "out": tmp_path / "run"}
    run_select(resolve(SelectConfig, None, {"selector": "random", **settings}))
    scored = {**settings, "scorer": "pixels", "selector": "k-center", "out": tmp_path / "scored"}
    with pytest.raises(FileError, match="set NASLIB_PROXYDATA_CACHE"):
        run_select(resolve(SelectConfig, None, scored))
    assert not (tmp_path / "scored").exists()
