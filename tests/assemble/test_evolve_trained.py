"""``evolve`` whose true values are trainings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import naslib_proxydata
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.training.loop import Training

pytestmark = pytest.mark.usefixtures("unarranged_figures")

QUICK = {
    "dataset": "digits",
    "channels": 2,
    "cells": 1,
    "training": {"epochs": 1, "batch_size": 128, "padding": 1},
}


def searched(out: Path, **given: Any) -> Any:
    train = {**QUICK, **given.pop("train", {})}
    settings: dict[str, Any] = {"true": "train", "train": train, "queries": 3, **given}
    return naslib_proxydata.evolve("nb201", out=out, **settings)


def test_what_is_queried_is_trained_once_and_counted_as_it_is(tmp_path: Path) -> None:
    found = searched(tmp_path / "run", optimizer="random")
    folders = sorted((tmp_path / "run" / "trainings").iterdir())
    assert len(folders) == len(found.history) == 3
    results = [json.loads((one / "result.json").read_text()) for one in folders]
    top1 = {
        one["identity"]["architecture"]: one["records"][-1]["validation"]["top1"] for one in results
    }
    assert {one.architecture: one.value for one in found.history} == pytest.approx(top1)
    assert found.best.value == max(top1.values())
    space = naslib_proxydata.space("nb201").resized(channels=2, cells=1)
    for one in found.history:
        assert one.macs == space.macs(space.parse(one.architecture))


def test_it_goes_on_and_grows_without_training_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = searched(tmp_path / "run", optimizer="random", queries=2)
    trained: list[Training] = []
    plain = Training.run

    def counted(self: Training) -> Any:
        trained.append(self)
        return plain(self)

    monkeypatch.setattr(Training, "run", counted)
    second = searched(tmp_path / "run", optimizer="random", queries=3)
    assert len(trained) == 1
    assert second.history[:2] == first.history


def test_any_executor_and_predictors_that_learn(tmp_path: Path) -> None:
    given = {
        "predictor": "few-label-structure",
        "queries": 6,
        "labels": 5,
        "evaluations": 20,
        "train": {"seed": [0, 1]},
    }
    found = searched(tmp_path / "run", **given)
    assert len(found.history) == 6
    assert len(list((tmp_path / "run" / "trainings").iterdir())) == 12, "two seeds of each"
    by_workers = searched(tmp_path / "two", workers=2, **given)
    assert by_workers.history == found.history


def test_accuracy_against_macs(tmp_path: Path) -> None:
    found = searched(
        tmp_path / "run", optimizer={"name": "nsga2", "population": 4}, queries=6, workers=1
    )
    assert 1 <= len(found.front) <= 6
    front = sorted(found.front, key=lambda one: one.macs)
    values = [one.value for one in front]
    assert values == sorted(values)


def test_one_that_diverges_is_worth_nothing(tmp_path: Path) -> None:
    found = searched(
        tmp_path / "run",
        optimizer="random",
        train={"training": {"epochs": 1, "learning_rate": 1e30, "padding": 1}},
    )
    assert [one.value for one in found.history] == [0.0] * 3


def test_test_images_choose_nothing(tmp_path: Path) -> None:
    plain = searched(tmp_path / "run", optimizer="random")
    tested = searched(tmp_path / "two", optimizer="random", train={"test": "digits"})
    assert [one.value for one in tested.history] == [one.value for one in plain.history]
    results = (tmp_path / "two" / "trainings").glob("*/result.json")
    assert all(json.loads(one.read_text())["test"] for one in results)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"queries": 0}, "needs queries"),
        ({"benchmark": "nb201"}, "benchmark is of a table"),
        ({"true": "table"}, "only what true: train queries is trained"),
        ({"train": {"recipe": "nb21"}}, "unknown recipe 'nb21'"),
        ({"train": {"channels": [2, 4]}}, "have one width"),
        ({"train": {"validation": "none"}}, "chooses by validation accuracy"),
        ({"train": {"training": {"drop_path": 0.1}}}, "no paths that can be dropped"),
    ],
)
def test_mistakes_are_told_first(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        searched(tmp_path / "run", **given)
    assert not (tmp_path / "run" / "trainings").exists()
