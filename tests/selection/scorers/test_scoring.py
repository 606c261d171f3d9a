"""Scorers on scikit-learn's digits, for real: they train, cache, resume and tell errors."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError, SelectionError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers import training
from naslib_proxydata.selection.scorers.base import Workplace
from naslib_proxydata.selection.scorers.models import (
    build_model,
    last_linear,
    pretrained_backbone,
)
from naslib_proxydata.selection.scorers.recipe import Recipe
from naslib_proxydata.selection.scorers.scoring import SCORERS, make_scorer, score_dataset

FAST = Recipe(epochs=4, learning_rate=0.05, batch_size=64, schedule="one-cycle", augment=False)


class SmallNet(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.head = nn.Linear(8 * 16, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.max_pool2d(self.conv(images).relu(), 2)
        logits: torch.Tensor = self.head(hidden.flatten(1))
        return logits


@pytest.fixture
def my_models(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("my_models")
    module.SmallNet = SmallNet  # type: ignore[attr-defined]
    module.trained = SmallNet(5)  # type: ignore[attr-defined]
    module.no_head = nn.Conv2d(1, 3, 3)  # type: ignore[attr-defined]
    module.number = lambda num_classes: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_models", module)


@pytest.fixture
def place(tmp_path: Path, my_models: None) -> Workplace:
    return Workplace(open_dataset("digits"), tmp_path, "my_models:SmallNet", FAST)


def test_hard_examples_score_as_hard(place: Workplace) -> None:
    """All measures of one model agree on what is hard, and easy digits are learnt."""
    scores = {name: score_dataset(name, place) for name in ("entropy", "margin", "loss", "el2n")}
    assert all(array.shape == (1797,) for array in scores.values())
    assert np.corrcoef(scores["entropy"], scores["margin"])[0, 1] < -0.8
    assert np.corrcoef(scores["el2n"], scores["loss"])[0, 1] > 0.4
    assert np.median(scores["loss"]) < 0.3 < np.log(10)
    assert 0 < scores["entropy"].min() <= scores["entropy"].max() <= np.log(10)
    forgetting = score_dataset("forgetting", place)
    assert set(np.unique(forgetting)) <= set(range(5))
    features = score_dataset("features", place)
    assert features.shape == (1797, 128)


def test_a_second_scorer_trains_nothing(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    entropies = score_dataset("entropy", place)

    def fail(self: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training._Run, "train_epoch", fail)
    score_dataset("features", place)
    score_dataset("el2n", place)
    np.testing.assert_array_equal(score_dataset("entropy", place), entropies)
    other_seed = Workplace(place.dataset, place.cache, place.model, FAST, seed=1)
    with pytest.raises(AssertionError, match="trained again"):
        score_dataset("entropy", other_seed)
    images = np.zeros((20, 8, 8), np.uint8)
    other = ArrayDataset("other", images, np.arange(20) % 2)
    with pytest.raises(AssertionError, match="trained again"):
        score_dataset("entropy", Workplace(other, place.cache, place.model, FAST))


def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scores(folder: str) -> NDArray[np.floating]:  # type: ignore[type-arg]
        return score_dataset("loss", Workplace(place.dataset, tmp_path / folder, place.model, FAST))

    whole = scores("whole")
    original = training._Run.train_epoch

    def stop_after_two(self: training._Run) -> None:
        if self.epoch == 2:
            raise KeyboardInterrupt
        original(self)

    monkeypatch.setattr(training._Run, "train_epoch", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        scores("cut")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "my_models", types.SimpleNamespace(SmallNet=SmallNet))
    np.testing.assert_array_equal(scores("cut"), whole)


def test_damaged_checkpoints_and_diverging_runs_are_told(place: Workplace) -> None:
    score_dataset("forgetting", place)
    (checkpoint,) = (place.cache / "runs").glob("*/checkpoint.pt")
    checkpoint.write_bytes(b"damaged")
    with pytest.raises(SelectionError, match="remove it to train again"):
        score_dataset("entropy", place)
    wild = Workplace(
        place.dataset, place.cache, place.model, FAST.model_copy(update={"learning_rate": 1e12})
    )
    with pytest.raises(SelectionError, match="use a lower learning rate"):
        score_dataset("entropy", wild)


def test_an_autoencoder_restores_what_it_has_seen_often(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    usual = np.tile(np.kron([[0, 1], [1, 0]], np.ones((8, 8))), (190, 1, 1)) * 200
    odd = generator.integers(0, 256, (10, 16, 16))
    images = np.concatenate([usual, odd]).astype(np.uint8)
    recipe = Recipe(epochs=60)  # 15 epochs of the autoencoder
    place = Workplace(ArrayDataset("squares", images), tmp_path, recipe=recipe)
    losses = score_dataset("reconstruction", place)
    elsewhere = Workplace(place.dataset, tmp_path / "again", recipe=recipe)
    np.testing.assert_array_equal(score_dataset("reconstruction", elsewhere), losses)
    assert set(np.argsort(losses)[-10:]) == set(range(190, 200))


def test_transfer_uses_a_given_backbone(tmp_path: Path, my_models: None) -> None:
    place = Workplace(open_dataset("digits"), tmp_path, "my_models:trained", Recipe(epochs=80))
    losses = score_dataset("transfer", place)
    assert losses.shape == (1797,)
    assert losses.mean() < 0.9 * np.log(10)
    np.testing.assert_array_equal(score_dataset("transfer", place), losses)
    with pytest.raises(SelectionError, match=r"no torch\.nn\.Linear"):
        score_dataset("transfer", Workplace(place.dataset, tmp_path, "my_models:no_head", FAST))


def test_torchvision_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def small_net(num_classes: int = 5, weights: str | None = None) -> SmallNet:
        asked.append((num_classes, weights))
        return SmallNet(num_classes)

    zoo = types.SimpleNamespace(small_net=small_net)
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", zoo)
    fresh = build_model("torchvision:small_net", 7, 1, torch_generator(0))
    assert last_linear(fresh).out_features == 7
    trained = pretrained_backbone("torchvision:small_net")
    assert not trained.training
    assert not any(parameter.requires_grad for parameter in trained.parameters())
    assert asked == [(7, None), (5, "DEFAULT")]


def test_pixels_and_classes_need_no_model(tmp_path: Path) -> None:
    digits = open_dataset("digits")
    place = Workplace(digits, tmp_path)
    pixels = score_dataset("pixels", place)
    assert pixels.shape == (1797, 64)
    np.testing.assert_allclose(pixels[7] * 255, digits[7][0].flatten(), rtol=1e-6)
    np.testing.assert_array_equal(score_dataset("class", place), digits.labels)
    assert not any(tmp_path.iterdir())


def test_unlabelled_data_and_unknown_names_are_refused(tmp_path: Path, my_models: None) -> None:
    unlabelled = ArrayDataset("bare", np.zeros((4, 8, 8), np.uint8))
    for name in ("entropy", "class", "transfer"):
        place = Workplace(unlabelled, tmp_path, "" if name == "entropy" else "my_models:trained")
        with pytest.raises(DatasetError, match="needs class labels"):
            score_dataset(name, place)
    with pytest.raises(SelectionError, match="Did you mean 'entropy'"):
        make_scorer("entrpy")
    assert all(make_scorer(name).name == name for name in SCORERS)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("resnet21", "Did you mean 'resnet20'"),
        ("torchvision:absent_model", "import torchvision.models:absent_model"),
        ("my_models:absent", "cannot import my_models:absent"),
        ("my_models:number", "gives a int"),
        ("my_models:no_head", "cannot be built with num_classes"),
    ],
)
def test_wrong_models_are_refused(place: Workplace, model: str, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        score_dataset("entropy", Workplace(place.dataset, place.cache, model, FAST))
