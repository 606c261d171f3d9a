"""What a training run keeps of its outputs, on scikit-learn's digits."""

from __future__ import annotations

import functools
import io
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from naslib_proxydata import plugins
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.sealed import read_sealed
from naslib_proxydata.selection.scorers import dynamics, training
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.dynamics import Dynamics, DynamicsRecorder
from naslib_proxydata.selection.scorers.recipe import Recipe
from naslib_proxydata.selection.scorers.scoring import scored
from tests.selection.scorers.test_scoring import SmallNet

FAST = Recipe(epochs=4, learning_rate=0.05, batch_size=64, schedule="one-cycle", augment=False)
FOUND = plugins.load()
NAMES = ("aum", "dyn-unc", "tdds")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoringContext:
    module = types.SimpleNamespace(SmallNet=SmallNet)
    monkeypatch.setitem(sys.modules, "my_models", module)
    return ScoringContext(open_dataset("digits"), tmp_path, "my_models:SmallNet", FAST)


def test_an_epoch_is_what_its_batches_gave(tmp_path: Path) -> None:
    recorder = DynamicsRecorder(3, 2)
    labels = torch.tensor([0, 1])
    logits = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    recorder.update(torch.tensor([2, 0]), logits, labels)
    recorder.update(torch.tensor([1]), torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    recorder.write(tmp_path, 1)
    recorder.update(torch.tensor([0, 1, 2]), torch.zeros(3, 2), torch.tensor([1, 1, 0]))
    recorder.write(tmp_path, 2)
    run = Dynamics(tmp_path, 2)
    high, low = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))
    first, second = run.read("probability")
    np.testing.assert_allclose(first, [low, 0.5, high], rtol=1e-6)
    np.testing.assert_allclose(second, [0.5] * 3)
    np.testing.assert_allclose(next(run.read("margin")), [-2, 0, 2])
    change = 0.5 * abs(np.log(0.5 / high)) + 0.5 * abs(np.log(0.5 / low))
    np.testing.assert_allclose(list(run.read("divergence"))[1], [change, 0, change], rtol=1e-5)
    with pytest.raises(SelectionError, match="had 2 epochs, 3 were asked for"):
        list(run.read("margin", 3))
    with pytest.raises(SelectionError, match="as those of earlier versions"):
        list(Dynamics(tmp_path, 3).read("margin"))


def test_one_run_serves_all_and_tells_its_accuracy(
    context: ScoringContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetting = scored(FOUND.create("scorers", "forgetting"), context)
    monkeypatch.setattr(training._Run, "train_epoch", lambda _: pytest.fail("trained again"))
    made = {name: scored(FOUND.create("scorers", name), context) for name in NAMES}
    for name in NAMES:
        assert made[name].values.shape == (1797,)
        assert len(np.unique(made[name].values)) > 1000
        origin = made[name].origin
        assert (origin.scorer, origin.model, origin.seed) == (name, "my_models:SmallNet", 0)
        assert origin.training_accuracy == forgetting.origin.training_accuracy
    assert made["aum"].origin.hardest == "lowest"
    assert made["aum"].origin.training_accuracy is not None
    assert 80 < made["aum"].origin.training_accuracy <= 100
    shorter = scored(FOUND.create("scorers", "aum", epochs=2), context)
    assert not np.array_equal(shorter.values, made["aum"].values)
    assert shorter.origin.settings == {"epochs": 2}
    pixels = scored(FOUND.create("scorers", "pixels"), context)
    assert pixels.origin.training_accuracy is None
    assert (pixels.origin.label, pixels.origin.recipe) == ("pixels", {}), "though a model is named"


def test_a_run_that_was_cut_keeps_the_same(
    context: ScoringContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = training._Run.train_epoch

    def stop_after_two(self: training._Run) -> None:
        if self.epoch == 2:
            raise KeyboardInterrupt
        original(self)

    cut = replace(context, cache=tmp_path / "cut")
    whole = replace(context, cache=tmp_path / "whole")
    tdds = FOUND.create("scorers", "tdds", window=3)
    expected = scored(tdds, whole)
    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "train_epoch", stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            scored(tdds, cut)
    found = scored(tdds, cut)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.origin.training_accuracy == expected.origin.training_accuracy


def test_a_run_of_an_earlier_version_still_serves_its_scorers(context: ScoringContext) -> None:
    entropies = scored(FOUND.create("scorers", "entropy"), context)
    folder = context.run_folder(context.model)
    content = read_sealed(folder / "checkpoint.pt")
    assert content is not None
    state = torch.load(io.BytesIO(content), weights_only=True)
    for later in ("dynamics", "accuracy"):
        del state[later]
    torch.save(state, folder / "checkpoint.pt")
    for file in (folder / "dynamics").iterdir():
        file.unlink()
    (next((context.cache / "scores").iterdir())).unlink()
    again = scored(FOUND.create("scorers", "entropy"), context)
    np.testing.assert_array_equal(again.values, entropies.values)
    assert again.origin.training_accuracy is None
    with pytest.raises(SelectionError, match="Remove the folder to train again"):
        scored(FOUND.create("scorers", "aum"), context)


def test_damaged_outputs_of_an_epoch_are_made_again(
    context: ScoringContext, caplog: pytest.LogCaptureFixture
) -> None:
    aum = FOUND.create("scorers", "aum")
    expected = scored(aum, context)
    (next((context.cache / "scores").iterdir())).unlink()
    damaged = context.run_folder(context.model) / "dynamics" / "0002.npz"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    scored(FOUND.create("scorers", "entropy"), context)  # it needs none of them
    assert not caplog.records
    np.testing.assert_array_equal(scored(aum, context).values, expected.values)
    assert f"{damaged} is damaged" in caplog.text
    assert "trained again" in caplog.text
    assert damaged.read_bytes() == content


def test_a_damaged_checkpoint_falls_back_to_the_early_one(
    context: ScoringContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Recipe, "early_epoch", property(lambda _: 2))
    original = training._Run.train_epoch
    run = functools.partial(context.trained, context.model)
    expected = run().model.state_dict()
    (context.run_folder(context.model) / "checkpoint.pt").write_bytes(b"damaged")
    begun: list[int] = []

    def counting(self: training._Run) -> None:
        begun.append(self.epoch)
        original(self)

    monkeypatch.setattr(training._Run, "train_epoch", counting)
    for name, value in run().model.state_dict().items():
        assert torch.equal(value, expected[name])
    assert begun == [2, 3]
    assert "checkpoint.pt is damaged" in caplog.text


def test_a_lost_early_model_is_never_the_final_one(
    context: ScoringContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does making it again undo the training that went on."""
    monkeypatch.setattr(Recipe, "early_epoch", property(lambda _: 2))
    run = functools.partial(context.trained, context.model)
    final = run().model.state_dict()
    expected = run(early=True).model.state_dict()
    early = context.run_folder(context.model) / "early.pt"
    for damage in (early.unlink, lambda: early.write_bytes(b"damaged")):
        damage()
        made = run(early=True).model.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in made.items())
    assert not all(torch.equal(value, expected[name]) for name, value in final.items())
    monkeypatch.setattr(training._Run, "train_epoch", lambda _: pytest.fail("trained again"))
    kept = run().model.state_dict()
    assert all(torch.equal(value, final[name]) for name, value in kept.items())


def test_what_cannot_be_scored_is_refused_before_it_is_trained(
    context: ScoringContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(context, recipe=FAST.model_copy(update={"epochs": 2}))
    with pytest.raises(SelectionError, match="epochs must be a whole number and at least 3, got 2"):
        FOUND.create("scorers", "tdds").check(short)
    with pytest.raises(SelectionError, match="epochs must be at most 4"):
        FOUND.create("scorers", "aum", epochs=5).check(context)
    for name, options in (
        ("dyn-unc", {"window": 1}),
        ("tdds", {"decay": 0}),
        ("aum", {"epochs": 0}),
    ):
        with pytest.raises(SelectionError, match=name):
            FOUND.create("scorers", name, **options)
    monkeypatch.setattr(dynamics, "LARGEST", 4 * 1797 * 10 - 1)
    with pytest.raises(SelectionError, match="1797 x 10"):
        FOUND.create("scorers", "tdds").check(context)
    FOUND.create("scorers", "dyn-unc").check(context)
    assert scored(FOUND.create("scorers", "dyn-unc"), context).values.shape == (1797,)
