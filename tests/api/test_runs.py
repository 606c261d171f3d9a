"""rank, select, search, evolve and dps: what they return, and what they keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

import naslib_proxydata as proxydata
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.selection.files import load_selection

TINY = {"epochs": 1, "channels": 4, "cells": 1, "training": {"batch_size": 64}, "augment": False}


def test_rank_keeps_nothing_unless_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board = proxydata.rank("nb201", ["params"], n=20, seed=(0, 1))
    rows = board.to_dicts()
    assert {row["predictor"] for row in rows} == {"params", "macs", "random"}
    assert {row["seed"] for row in rows} == {0, 1}
    assert all(row["n"] == 20 for row in rows)
    assert board.folder is None
    assert list(tmp_path.iterdir()) == []


def test_rank_goes_on_in_its_folder(tmp_path: Path) -> None:
    first = proxydata.rank("nb201", ["params"], n=10, out=tmp_path / "board")
    again = proxydata.rank("nb201", ["params"], n=10, out=tmp_path / "board")
    assert (first.computed, again.computed) == (30, 0)
    assert (tmp_path / "board" / "summary.md").is_file()


def test_select_takes_a_dataset_of_the_callers(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(60, 3, 8, 8, generator=generator)
    mine = TensorDataset(images, torch.arange(60) % 3)
    kept = proxydata.select(mine, "class-random", size=12, out=tmp_path / "run")
    again = proxydata.select(mine, "class-random", size=12)
    np.testing.assert_array_equal(kept.indices, again.indices)
    assert np.bincount(kept.indices % 3).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(load_selection(tmp_path / "run").indices, kept.indices)


def test_search_on_a_selection_with_a_pruner() -> None:
    selection = proxydata.select("digits", "random", size=200)
    longer = {**TINY, "epochs": 3}  # the first and the last epoch use all examples
    finished = proxydata.search(dataset="digits", selection=selection, pruner="infobatch", **longer)
    for record in finished.result.records:
        assert sum(record.left.values()) == 200
    proxydata.space("nb201").parse(finished.cell)
    assert finished.folder is None
    with pytest.raises(ConfigError, match="bdp is a pruner, and so is"):
        proxydata.search(bdp=True, pruner="random")


def test_evolve_by_a_predictor_finds_the_largest() -> None:
    found = proxydata.evolve(predictor="params", evaluations=80, seed=1)
    assert len(found.history) == 80
    assert found.best.score == max(query.score for query in found.history)
    assert found.folder is None


def test_dps_returns_a_preset(tmp_path: Path) -> None:
    shared = {"batch": 2, "iterations": 2}
    evolution = {"population": 2, "tournament": 1, "keep": 1}
    preset = proxydata.dps(labels=3, cycles=2, shared=shared, **evolution)
    (proxy,) = preset.proxies
    assert proxy.options["batch"] == 2
    assert preset.provenance.labels == 3
    scores = proxydata.score(
        {"name": "eproxy", **proxy.options}, "nb201", preset.provenance.labelled
    )
    assert scores.shape == (3,)


@pytest.mark.parametrize("function", ["rank", "select", "search", "evolve", "dps"])
def test_an_unknown_key_names_the_closest(function: str) -> None:
    arguments = {"dataset": "digits", "size": 5} if function == "select" else {}
    with pytest.raises(ConfigError, match=r"unknown key 'overwrit'\. Did you mean 'overwrite'"):
        getattr(proxydata, function)(overwrit=True, **arguments)
