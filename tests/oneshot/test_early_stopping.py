"""Early stopping on the dominant eigenvalue (arXiv 1909.09656, section 4.3)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.assemble.search import run_search, stored_search
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot import hessian
from naslib_proxydata.oneshot.early_stopping import local_average, returned_epoch


def slow_rule(values: list[float]) -> tuple[int, int] | None:
    """Return (epoch after which a search stops, epoch that it returns), walking epoch by epoch."""
    for last in range(1, len(values) + 1):  # known after this epoch
        averages = {
            i: np.mean(values[i - 3 : i + 2]) for i in range(3, last - 1)
        }  # of epochs i - 2 to i + 2, counting from 1
        i = last - 2
        known = i in averages and i - 5 in averages and i - 5 >= 11
        if known and averages[i - 5] / averages[i] < 0.75:
            return last, i - 5
    return None


@pytest.mark.parametrize("seed", range(20))
def test_the_rule_against_a_slow_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    growth = generator.choice([0.0, 0.02, 0.1])
    values = list(np.exp(growth * np.arange(50) + generator.normal(0, 0.2, 50)))
    expected = slow_rule(values)
    stopped = None
    for last in range(1, 51):
        known = {epoch: values[epoch - 1] for epoch in range(1, last + 1)}
        found = returned_epoch(known)
        if found is not None:
            stopped = (last, found)
            break
    assert stopped == expected


def test_by_hand() -> None:
    flat = dict.fromkeys(range(1, 51), 1.0)
    assert returned_epoch(flat) is None
    steep = {epoch: 1.0 if epoch <= 20 else 3.0 for epoch in range(1, 51)}
    # The average of 17 to 21 is 1.4, and k = 5 epochs before it is 1: 1 / 1.4 < .75 holds first at
    # i = 19, whose window ends with epoch 21.
    assert local_average(steep, 19) == pytest.approx(1.4)
    assert returned_epoch(steep) == 14
    assert returned_epoch({**flat, 5: 100.0}) is None  # too early to be returned
    assert returned_epoch({epoch: -v for epoch, v in steep.items()}) is None
    assert returned_epoch({}) is None


def test_a_search_ends_there_and_stays_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter([1.0] * 20 + [3.0] * 50)
    monkeypatch.setattr(hessian, "dominant_eigenvalue", lambda *_, **__: next(made))
    given = {
        "channels": 2,
        "cells": 1,
        "early_stop": True,
        "out": tmp_path / "run",
        "device": "cpu",
        "training": {"epochs": 30, "batch_size": 512, "image_reduction": 2},
    }
    finished = run_search(SearchConfig(**given))
    assert len(finished.result.records) == 21
    assert finished.result.returned == 14
    assert finished.cell == finished.result.records[13].cell
    facts = json.loads((tmp_path / "run" / "result.json").read_text())
    assert facts["stopped_early"] == {"after": 21, "returned": 14}
    assert facts["cell"] == finished.cell
    stored = stored_search(tmp_path / "run", 30)  # what an experiment asks
    assert stored is not None
    assert (stored.result.cell, len(stored.result.records)) == (finished.cell, 21)
    longer = {**given, "training": {**given["training"], "epochs": 40}}
    again = run_search(SearchConfig(**longer))
    assert (again.cell, len(again.result.records)) == (finished.cell, 21)


def test_what_early_stopping_cannot_look_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hessian_every 3"):
        SearchConfig.parse({"early_stop": True, "hessian_every": 3}, "here")
    for name in ("enas", "random-sharing"):
        config = SearchConfig(strategy=name, early_stop=True, out=tmp_path / name)
        with pytest.raises(ConfigError, match="does not learn alpha"):
            run_search(config)
        assert not (tmp_path / name).exists()
