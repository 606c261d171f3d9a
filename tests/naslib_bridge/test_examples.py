"""The worked examples of the documentation run, on fewer epochs and on fake images."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.naslib_bridge.naslib_setup import DISCRETE, fake_trainer, require_naslib

require_naslib()

import naslib.utils
from naslib.defaults.trainer import Trainer

from naslib_proxydata import naslib_bridge
from naslib_proxydata.runs.settings import DATA_VARIABLE
from naslib_proxydata.tables.nb201_compact import read_compact

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "naslib"
SMALL = {name: DISCRETE[name] for name in ("epochs", "num_init", "k", "num_candidates")}


def run(name: str, folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch, **search: Any) -> Any:
    """Run an example with some other settings in a folder of its own, return its trainer."""
    settings = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    settings["search"].update(search)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv(DATA_VARIABLE, str(data))
    given = naslib.utils.parse_args(args=["--config-file", f"{name}.yaml"])
    read = naslib.utils.get_config_from_args
    monkeypatch.setattr(naslib.utils, "get_config_from_args", lambda: read(given))
    monkeypatch.chdir(folder)
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["trainer"]


def test_darts(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = type("FakeProxy", (naslib_bridge.ProxyTrainer, fake_trainer(Trainer)), {})
    monkeypatch.setattr(naslib_bridge, "ProxyTrainer", fake, raising=False)
    block = {"selector": {"name": "class-random", "fraction": 0.5}, "bdp": {"fraction": 0.6}}
    trainer = run(
        "darts", tmp_path, shared_data, monkeypatch, epochs=2, batch_size=8, proxy_data=block
    )
    assert trainer.run.sizes[0] == {"weights": 12, "architecture": 12}
    assert sum(map(len, trainer.run.active.values())) < 24


def test_supernets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = type("FakeProxy", (naslib_bridge.ProxyTrainer, fake_trainer(Trainer)), {})
    monkeypatch.setattr(naslib_bridge, "ProxyTrainer", fake, raising=False)
    small = naslib_bridge.supernet_graph("s2", channels=4, cells=3, num_classes=6)
    monkeypatch.setattr(naslib_bridge, "supernet_graph", lambda name, seed: small, raising=False)
    block = {"selector": {"name": "class-random", "fraction": 0.5}, "bdp": {"fraction": 0.6}}
    trainer = run(
        "supernets", tmp_path, tmp_path, monkeypatch, epochs=2, batch_size=8, proxy_data=block
    )
    assert trainer.run.sizes[0] == {"weights": 12, "architecture": 12}
    assert trainer.optimizer.get_final_architecture().space.name == "s2"


def test_evaluator(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(shared_data))
    make = naslib_bridge.make_predictor
    cheap = {"zero-label": "macs", "naswot": "layers"}  # these take a minute
    monkeypatch.setattr(naslib_bridge, "make_predictor", lambda name: make(cheap.get(name, name)))
    found = runpy.run_path(str(EXAMPLES / "evaluator.py"))["found"]
    assert [*found] == ["params", "naswot", "zero-label"]
    assert all(0 <= one["top10_retrieval"] <= 1 for one in found.values())


def test_bananas(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = {"predictor": {"name": "eproxy", "iterations": 2, "batch": 4}}
    trainer = run("bananas", tmp_path, shared_data, monkeypatch, **SMALL, proxy_data=block)
    table = read_compact(shared_data / "nb201.npz")
    values = table.values("cifar10", "validation_accuracy")
    assert trainer.search_trajectory.valid_acc[-1] in values
    assert trainer.optimizer.proxy_predictor.scores


def test_spaces(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = run("spaces", tmp_path, shared_data, monkeypatch, **SMALL)
    measured = trainer.optimizer.dataset_api["values"]
    best = trainer.optimizer.get_final_architecture()
    assert trainer.search_trajectory.valid_acc[-1] == measured(best.get_hash(), "cls-50-1000")
    assert trainer.optimizer.proxy_predictor.scores
