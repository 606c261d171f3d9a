"""What ``train`` plans, on its own."""

from __future__ import annotations

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata.assemble import train, trained_values
from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.assemble.train import random_architectures, run_train
from naslib_proxydata.config import EvolveConfig, TrainConfig
from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.training.fakes import CELL

BLIND = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
MANY = 80
"""More than are handed to workers ahead."""


def test_a_space_with_too_few_architectures_ends_the_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    space = NasBench201()
    drawn = itertools.cycle([space.parse(CELL), space.parse(BLIND)])
    endless = itertools.islice(drawn, 10_000)
    monkeypatch.setattr(space, "sample", lambda generator: next(endless))
    with pytest.raises(ConfigError, match="gave 1, and then none in 1,000 draws; ask for fewer"):
        random_architectures(space, 3)


@pytest.mark.parametrize("module", [train, trained_values], ids=["train", "evolve"])
def test_a_folder_that_is_taken_away_ends_the_run_of_workers(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, done = tmp_path / "run", []

    def taking(*job: Any) -> str:
        done.append(job)
        shutil.rmtree(out, ignore_errors=True)
        return "the loss is nan"

    monkeypatch.setattr(module, "attempt", taking)
    keys = {"dataset": "digits", "channels": 2, "cells": 1}
    own = {"architecture": CELL, "seed": tuple(range(MANY)), **keys}
    queries = {"true": "train", "train": keys, "optimizer": "random", "queries": MANY}
    given = {"space": "nb201", "out": out, **(own if module is train else queries)}
    config = (TrainConfig if module is train else EvolveConfig).parse(given, "a test")
    run: Any = run_train if module is train else run_evolve
    with ThreadPoolExecutor(1) as pool, pytest.raises(RunFolderError, match="was deleted"):
        run(config, executor=pool)
    assert len(done) < MANY
