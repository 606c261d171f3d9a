"""Scorers on scikit-learn's digits, for real: they train, cache, resume and tell errors."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from naslib_proxydata import plugins
from naslib_proxydata.cached import write_cached
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import ConfigError, DatasetError, SelectionError
from naslib_proxydata.sealed import read_sealed
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers import scoring, training
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.models import (
    build_model,
    last_linear,
    pretrained_backbone,
)
from naslib_proxydata.selection.scorers.outputs import EL2NScorer
from naslib_proxydata.selection.scorers.recipe import Recipe
from naslib_proxydata.selection.scorers.scoring import cache_key, score_dataset
from tests.damage import damaged, many_copies, refused

EARLIER_KEY = "d28aa5a3fe8d3f62bdd8619e914c5c54"  # of commit c9c2cb1
FAST = Recipe(epochs=4, learning_rate=0.05, batch_size=64, schedule="one-cycle", augment=False)


PLUGINS = plugins.load()


def scored(name: str, context: ScoringContext) -> NDArray[np.floating[Any]]:
    return score_dataset(PLUGINS.create("scorers", name), context)


def checked(name: str, context: ScoringContext) -> None:
    PLUGINS.create("scorers", name).check(context)


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
def context(tmp_path: Path, my_models: None) -> ScoringContext:
    return ScoringContext(open_dataset("digits"), tmp_path, "my_models:SmallNet", FAST)


def test_hard_examples_score_as_hard(context: ScoringContext) -> None:
    """All measures of one model agree on what is hard, and easy digits are learnt."""
    scores = {name: scored(name, context) for name in ("entropy", "margin", "loss", "el2n")}
    assert all(array.shape == (1797,) for array in scores.values())
    assert np.corrcoef(scores["entropy"], scores["margin"])[0, 1] < -0.8
    assert np.corrcoef(scores["el2n"], scores["loss"])[0, 1] > 0.4
    assert np.median(scores["loss"]) < 0.3 < np.log(10)
    assert 0 < scores["entropy"].min() <= scores["entropy"].max() <= np.log(10)
    forgetting = scored("forgetting", context)
    assert set(np.unique(forgetting)) <= set(range(5))
    features = scored("features", context)
    assert features.shape == (1797, 128)


def test_el2n_averages_runs_of_different_seeds(context: ScoringContext) -> None:
    images, labels = context.dataset.pixels(np.arange(60)).numpy(), context.dataset.labels
    assert labels is not None
    sixty = ArrayDataset("sixty", images[:, 0], labels[:60])
    few = replace(context, dataset=sixty, recipe=Recipe(epochs=2))
    several, one = EL2NScorer(runs=3), EL2NScorer()
    seeds = [0, *several._further_seeds(few)]
    by_hand = [one.compute(replace(few, seed=seed)) for seed in seeds]
    np.testing.assert_allclose(several.compute(few), np.mean(by_hand, axis=0), rtol=1e-12)
    assert not np.allclose(by_hand[0], by_hand[1])
    assert several.training_accuracy(few) is not None
    assert (one.settings(), several.settings()) == ({}, {"runs": 3})
    for wrong in (0, 2.5, True):
        with pytest.raises(SelectionError, match="whole number of runs"):
            EL2NScorer(runs=wrong)  # type: ignore[arg-type]


def test_a_second_scorer_trains_nothing(
    context: ScoringContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    entropies = scored("entropy", context)

    def fail(self: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training._Run, "train_epoch", fail)
    scored("features", context)
    scored("el2n", context)
    np.testing.assert_array_equal(scored("entropy", context), entropies)
    other_seed = ScoringContext(context.dataset, context.cache, context.model, FAST, seed=1)
    with pytest.raises(AssertionError, match="trained again"):
        scored("entropy", other_seed)
    images = np.zeros((20, 8, 8), np.uint8)
    other = ArrayDataset("other", images, np.arange(20) % 2)
    with pytest.raises(AssertionError, match="trained again"):
        scored("entropy", ScoringContext(other, context.cache, context.model, FAST))


def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    context: ScoringContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scores(folder: str) -> NDArray[np.floating]:  # type: ignore[type-arg]
        return scored(
            "loss", ScoringContext(context.dataset, tmp_path / folder, context.model, FAST)
        )

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


def test_damaged_checkpoints_and_diverging_runs_are_told(
    context: ScoringContext, caplog: pytest.LogCaptureFixture
) -> None:
    expected = scored("forgetting", context)
    (checkpoint,) = (context.cache / "runs").glob("*/checkpoint.pt")
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(b"damaged")
    scored("entropy", context)
    assert f"{checkpoint} is damaged" in caplog.text
    assert "trained again" in caplog.text
    assert checkpoint.read_bytes() == content, "the same seed gives the same model"
    (context.cache / "scores" / f"{_key('forgetting', context)}.npz").unlink()
    np.testing.assert_array_equal(scored("forgetting", context), expected)
    wild = ScoringContext(
        context.dataset,
        context.cache,
        context.model,
        FAST.model_copy(update={"learning_rate": 1e12}),
    )
    with pytest.raises(SelectionError, match="use a lower learning rate"):
        scored("entropy", wild)


def test_an_autoencoder_restores_what_it_has_seen_often(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    usual = np.tile(np.kron([[0, 1], [1, 0]], np.ones((8, 8))), (190, 1, 1)) * 200
    odd = generator.integers(0, 256, (10, 16, 16))
    images = np.concatenate([usual, odd]).astype(np.uint8)
    recipe = Recipe(epochs=60)  # 15 epochs of the autoencoder
    context = ScoringContext(ArrayDataset("squares", images), tmp_path, recipe=recipe)
    losses = scored("reconstruction", context)
    elsewhere = ScoringContext(context.dataset, tmp_path / "again", recipe=recipe)
    np.testing.assert_array_equal(scored("reconstruction", elsewhere), losses)
    assert set(np.argsort(losses)[-10:]) == set(range(190, 200))


def test_transfer_uses_a_given_backbone(tmp_path: Path, my_models: None) -> None:
    context = ScoringContext(
        open_dataset("digits"), tmp_path, "my_models:trained", Recipe(epochs=80)
    )
    losses = scored("transfer", context)
    assert losses.shape == (1797,)
    assert losses.mean() < 0.9 * np.log(10)
    np.testing.assert_array_equal(scored("transfer", context), losses)
    with pytest.raises(SelectionError, match=r"no torch\.nn\.Linear"):
        scored("transfer", ScoringContext(context.dataset, tmp_path, "my_models:no_head", FAST))


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
    context = ScoringContext(digits, tmp_path)
    pixels = scored("pixels", context)
    assert pixels.shape == (1797, 64)
    np.testing.assert_allclose(pixels[7] * 255, digits[7][0].flatten(), rtol=1e-6)
    np.testing.assert_array_equal(scored("class", context), digits.labels)
    assert not any(tmp_path.iterdir())


def test_unlabelled_data_and_unknown_names_are_refused(tmp_path: Path, my_models: None) -> None:
    unlabelled = ArrayDataset("bare", np.zeros((4, 8, 8), np.uint8))
    for name in ("entropy", "class", "transfer"):
        context = ScoringContext(
            unlabelled, tmp_path, "" if name == "entropy" else "my_models:trained"
        )
        for refuse in (scored, checked):
            with pytest.raises(DatasetError, match="needs class labels"):
                refuse(name, context)
    with pytest.raises(ConfigError, match="Did you mean 'entropy'"):
        scored("entrpy", context)
    with pytest.raises(ConfigError, match="unknown option 'bins'"):
        PLUGINS.create("scorers", "entropy", bins=3)


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
def test_wrong_models_are_refused(context: ScoringContext, model: str, message: str) -> None:
    other = ScoringContext(context.dataset, context.cache, model, FAST)
    for refuse in (scored, checked):
        with pytest.raises(SelectionError, match=message):
            refuse("entropy", other)
    assert not any(one.is_file() for one in context.cache.rglob("*")), "nothing was trained"


def test_a_transferred_network_is_looked_for_before_it_is_loaded(context: ScoringContext) -> None:
    absent = ScoringContext(context.dataset, context.cache, "my_models:absent", FAST)
    with pytest.raises(SelectionError, match="cannot import my_models:absent"):
        checked("transfer", absent)
    checked("transfer", ScoringContext(context.dataset, context.cache, "my_models:trained", FAST))


class Returning(Scorer):
    """Returns what it was made with, as a stranger's scorer may."""

    name = "returning"

    def __init__(self, array: Any, calls: list[int] | None = None, **settings: Any) -> None:
        self.array = array
        self.calls = calls if calls is not None else []
        self.own = settings

    def settings(self) -> Mapping[str, Any]:
        return self.own

    def compute(self, context: ScoringContext) -> Any:
        self.calls.append(1)
        return self.array


class Vectors(Returning):
    gives = "features"


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        (Returning(None), r"must return an array of shape \(1797,\)"),
        (Returning(np.zeros(1796)), r"1797 examples of 'digits', got \(1796,\)"),
        (Returning(np.zeros((1797, 2))), "gives scores"),
        (Vectors(np.zeros(1797)), r"gives features.* of shape \(1797, dimensions\)"),
        (Vectors(np.zeros((1797, 0))), "gives features"),
        (Returning(["high"] * 1797), "must return real numbers"),
        (Returning(np.zeros(1797, bool)), "an array of bool"),
        (Returning(np.zeros(1797, complex)), "an array of complex128"),
        (Returning([1, [2, 3]]), "returned a list that is no array"),
    ],
)
def test_what_a_scorer_returns_is_checked(tmp_path: Path, scorer: Scorer, message: str) -> None:
    with pytest.raises(SelectionError, match=f"scorer 'returning'.*{message}"):
        score_dataset(scorer, ScoringContext(open_dataset("digits"), tmp_path))
    assert not any(one.is_file() for one in tmp_path.rglob("*")), "nothing wrong is kept"


def test_whole_numbers_and_lists_are_scores(tmp_path: Path) -> None:
    context = ScoringContext(open_dataset("digits"), tmp_path)
    found = score_dataset(Returning(list(range(1797))), context)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.arange(1797))


def test_another_setting_or_other_code_is_scored_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    context = ScoringContext(open_dataset("digits"), tmp_path)
    array = np.zeros(1797)
    for _ in range(2):
        score_dataset(Returning(array, calls, width=1), context)
    assert len(calls) == 1
    score_dataset(Returning(array, calls, width=2), context)
    assert len(calls) == 2
    monkeypatch.setattr(scoring, "foreign_code_version", lambda *_: "changed since")
    score_dataset(Returning(array, calls, width=2), context)
    assert len(calls) == 3


def test_the_key_of_a_built_in_scorer_is_what_it_always_was(tmp_path: Path) -> None:
    """So that what was computed by an earlier version is found."""
    context = ScoringContext(open_dataset("digits"), tmp_path)
    assert cache_key(PLUGINS.create("scorers", "entropy"), context) == EARLIER_KEY


def _key(name: str, context: ScoringContext) -> str:
    return cache_key(PLUGINS.create("scorers", name), context)


VALUES = np.linspace(0, 1, 1797)


@many_copies
@given(data=st.data())
def test_damaged_stored_scores_are_computed_again(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    context = ScoringContext(open_dataset("digits"), cache)
    calls: list[str] = []
    score_dataset(Returning(VALUES, calls), context)
    (stored,) = (cache / "scores").iterdir()
    content = stored.read_bytes()
    copy = data.draw(damaged(content))
    stored.write_bytes(copy)
    found = refused(lambda: score_dataset(Returning(VALUES, calls), context), "cached scores")
    np.testing.assert_array_equal(found, VALUES)
    if len(calls) == 2:
        assert stored.read_bytes() == content
        assert score_dataset(Returning(VALUES, calls), context).tolist() == VALUES.tolist()
    assert len(calls) == 1 + (copy != content)


@pytest.mark.parametrize("large", [False, True])
def test_scores_of_an_earlier_version_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:
        monkeypatch.setattr(scoring, "IN_MEMORY", 100)
    context = ScoringContext(open_dataset("digits"), tmp_path)
    calls: list[str] = []
    score_dataset(Returning(VALUES, calls), context)
    (stored,) = (tmp_path / "scores").iterdir()
    content = read_sealed(stored)
    assert content is not None
    stored.write_bytes(content)
    np.testing.assert_array_equal(score_dataset(Returning(VALUES, calls), context), VALUES)
    assert len(calls) == 1


def test_scores_that_others_could_have_written_are_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = ScoringContext(open_dataset("digits"), tmp_path)
    calls: list[str] = []
    score_dataset(Returning(VALUES, calls), context)
    (stored,) = (tmp_path / "scores").iterdir()
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    stored.chmod(0o622)
    score_dataset(Returning(VALUES, calls), context)
    assert len(calls) == 2
    assert f"{stored} can be written by others" in caplog.text


def test_scores_that_do_not_fit_the_dataset_are_computed_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = ScoringContext(open_dataset("digits"), tmp_path)
    score_dataset(Returning(VALUES), context)
    (stored,) = (tmp_path / "scores").iterdir()
    write_cached(stored, lambda file: np.savez(file, array=np.zeros(3)))
    np.testing.assert_array_equal(score_dataset(Returning(VALUES), context), VALUES)
    assert "float64 of shape (3,) for 1797 examples" in caplog.text


def test_scores_that_cannot_be_kept_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scoring, "check_cache", lambda *_, **__: None)
    monkeypatch.setattr(os, "fsync", full)
    context = ScoringContext(open_dataset("digits"), tmp_path)
    np.testing.assert_array_equal(score_dataset(Returning(VALUES), context), VALUES)
    assert "No space left on device" in caplog.text
    assert "the scores are used" in caplog.text


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_computed(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    calls: list[str] = []
    context = ScoringContext(open_dataset("digits"), tmp_path / "file")
    with pytest.raises(SelectionError, match=r"cannot use the cache .*file is no folder"):
        score_dataset(Returning(VALUES, calls), context)
    assert not calls


def test_training_says_how_far_it_is(context: ScoringContext) -> None:
    seen: list[tuple[str, int, int]] = []
    told = replace(context, progress=lambda *how_far: seen.append(how_far))
    scored("loss", told)
    training_told = [("training my_models:SmallNet", epoch, 4) for epoch in range(1, 5)]
    passed = [("scoring", done, 1797) for done in (500, 1000, 1500, 1797)]
    assert seen == [*training_told, *passed]
    scored("margin", told)
    assert seen == [*training_told, *passed, *passed], "nothing is trained again"


def test_a_cache_that_everyone_can_change_is_told_before_anything_is_computed(
    tmp_path: Path,
) -> None:
    """Else hours of training end where what was written is not trusted when it is read again."""
    tmp_path.chmod(0o777)
    calls: list[str] = []
    context = ScoringContext(open_dataset("digits"), tmp_path / "cache")
    with pytest.raises(SelectionError, match=r"cannot use the cache: .*chmod o-w .*computed yet"):
        score_dataset(Returning(VALUES, calls), context)
    assert not calls


def test_a_cache_of_a_umask_of_a_group_is_taken_back_and_used(tmp_path: Path) -> None:
    for folder in ("scores", "runs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder).chmod(0o775)
    calls: list[str] = []
    context = ScoringContext(open_dataset("digits"), tmp_path)
    for _ in range(2):
        np.testing.assert_array_equal(score_dataset(Returning(VALUES, calls), context), VALUES)
    assert len(calls) == 1, "the second time they come from the cache"
    assert (tmp_path / "scores").stat().st_mode & 0o777 == 0o755
