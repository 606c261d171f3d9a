"""Experiments that train what their searches found."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import naslib_proxydata
from naslib_proxydata.errors import ConfigError, ProxyDataError, RunFolderError
from naslib_proxydata.training.loop import Training
from tests.oneshot.fakes import save_coloured
from tests.training.fakes import CELL

pytestmark = pytest.mark.usefixtures("unarranged_figures")

ROWS = {
    "DARTS": {"search": {"strategy": "darts"}},
    "again": {"search": {"strategy": "random-sharing"}, "train": {"seed": [0, 1]}},
}
ACCURACY = {"dataset": "colours", "metric": "accuracy", "trained": True}
OVER_RANDOM = {**ACCURACY, "over_random": 2}


def written(folder: Path, train: dict[str, Any] | None = None, **changed: Any) -> Path:
    """Write an experiment of two rows on 64 small images."""
    images = str(save_coloured(folder / "images.npz"))
    training = {"epochs": 1, "batch_size": 16}
    size = {"channels": 2, "cells": 1, "training": training}
    file = {
        "search": {"space": "nb201", "dataset": images, **size},
        "train": train or {"recipe": "nb201-quick", "dataset": images, **size},
        "rows": ROWS,
        "columns": [ACCURACY, OVER_RANDOM],
    }
    path = folder / "experiment.yaml"
    path.write_text(yaml.safe_dump({**file, **changed}))
    return path


def accuracies(folder: Path) -> list[float]:
    found = json.loads((folder / "result.json").read_text())
    return [one["accuracy"] for one in found["accuracies"]]


def test_cells_are_trained_and_compared_with_random_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    done = naslib_proxydata.experiment(written(tmp_path), out=out)
    trainings = out / "trainings"
    names = sorted(one.name for one in trainings.iterdir())
    randoms = [name for name in names if name.startswith("random-")]
    assert names[:2] == ["again", "darts"]
    assert len(randoms) == 2, "rows that train otherwise have random ones of their own"
    own = accuracies(trainings / "darts" / "seed-0")[0]
    by_row = {outcome.row: outcome.values for outcome in done.outcomes}
    assert by_row["DARTS"]["colours accuracy"] == pytest.approx(own)
    means = [sum(accuracies(trainings / name)) / 2 for name in randoms]
    expected = [100 * (own - mean) / mean for mean in means]
    improvement = by_row["DARTS"]["colours accuracy over random"]
    assert any(improvement == pytest.approx(one) for one in expected)
    with (trainings / "again" / "seed-0" / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["0", "1"]

    def never(self: Training) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(Training, "run", never)
    again = naslib_proxydata.experiment(written(tmp_path), out=out)
    assert [one.values for one in again.outcomes] == [one.values for one in done.outcomes]


def test_other_keys_of_a_training_are_refused(tmp_path: Path) -> None:
    """What was trained by the keys of before would pass for what these train."""
    out, file = tmp_path / "run", written(tmp_path)
    naslib_proxydata.experiment(file, out=out)
    keys = {"training": {"epochs": 2}}
    with pytest.raises(RunFolderError, match=r"another configuration \(training.epochs: 1 there"):
        naslib_proxydata.experiment(file, out=out, train=keys)
    done = naslib_proxydata.experiment(file, out=out, train=keys, overwrite=True)
    assert not any(one.reason for one in done.outcomes)


def test_the_training_of_another_cell_is_not_taken(tmp_path: Path) -> None:
    """As it stays behind where a search goes on and finds another cell."""
    out, file = tmp_path / "run", written(tmp_path, columns=[ACCURACY])
    naslib_proxydata.experiment(file, out=out)
    kept = out / "trainings" / "darts" / "seed-0" / "config.yaml"
    (out / "searches" / "darts" / "seed-0" / "result.json").unlink()
    config = yaml.safe_load(kept.read_text())
    config["architecture"] = [CELL]
    kept.write_text(yaml.safe_dump(config))
    done = naslib_proxydata.experiment(file, out=out)
    assert "another configuration" in {one.row: one.reason for one in done.outcomes}["DARTS"]


def test_a_training_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from naslib_proxydata.training import loop

    plain = loop.learning_rate

    def exploding(settings: Any, done: float) -> float:
        return 1e30 if settings.seed == 1 else plain(settings, done)

    monkeypatch.setattr(loop, "learning_rate", exploding)
    for _ in range(2):  # what is there of it does not pass for the mean of both seeds
        done = naslib_proxydata.experiment(
            written(tmp_path, columns=[ACCURACY]), out=tmp_path / "run"
        )
        by_row = {one.row: one for one in done.outcomes}
        assert by_row["DARTS"].values["colours accuracy"] is not None
        assert by_row["again"].reason.startswith("its training failed: 1 of 2 trainings failed")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"recipe": "nb21", "dataset": "digits"}, "unknown recipe 'nb21'"),
        ({"recipe": "nb201-quick"}, "give train.dataset"),
        ({"dataset": "nowhere"}, "unknown dataset 'nowhere'"),
        ({"dataset": "digits", "random": 3}, "random is set by the experiment"),
        ({"dataset": "digits", "training": {"drop_path": 0.1}}, "no paths"),
    ],
)
def test_mistakes_are_told_before_the_first_search(
    tmp_path: Path, train: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, ProxyDataError), match=message):
        naslib_proxydata.experiment(written(tmp_path, train=train), out=tmp_path / "run")
    assert not (tmp_path / "run" / "searches").exists()
