from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import (
    DatasetError,
    PruningError,
    RunFolderError,
    SearchError,
    SelectionError,
)
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.oneshot import loop
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.records import read_history
from naslib_proxydata.oneshot.strategies.beta_darts import beta_darts
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.drnas import drnas
from naslib_proxydata.oneshot.strategies.gdas import gdas
from naslib_proxydata.oneshot.strategies.pc_darts import pc_darts
from naslib_proxydata.oneshot.strategies.random_sharing import random_sharing
from naslib_proxydata.oneshot.strategies.robust_darts import robust_darts
from naslib_proxydata.oneshot.strategies.sdarts import sdarts_rs
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.pruning.schedule import Schedule
from naslib_proxydata.runs.checkpoint import (
    NAME,
    PREVIOUS,
    load_checkpoint,
    save_checkpoint,
)
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.spaces.nb201.cell import parse
from tests.oneshot.fakes import CLASSES, acting, coloured, make_learner

STRATEGIES = {
    "darts": darts,
    "darts-2nd": lambda: darts(2),
    "gdas": gdas,
    "drnas": drnas,
    "beta-darts": beta_darts,
    "sdarts-rs": sdarts_rs,
    "pc-darts": pc_darts,
    "robust-darts": robust_darts,
    "random-sharing": lambda: random_sharing(picks=4),
}


def make_search(
    strategy: Strategy | None = None,
    plugins: tuple[object, ...] = (),
    folder: Path | None = None,
    selection: Selection | None = None,
    count: int = 64,
    **settings: Any,
) -> Search:
    learner = make_learner(strategy or darts(), **settings)
    return Search(coloured(count), learner, acting(*plugins), "nb201", selection, folder)


class Spy:
    def __init__(self) -> None:
        self.batches: list[tuple[str, int, np.ndarray, torch.Tensor, torch.Tensor]] = []
        self.calls: list[str] = []

    @hookimpl
    def search_started(self, info: Any) -> None:
        self.info = info
        self.calls.append("started")

    @hookimpl
    def batch_finished(self, level, epoch, indices, probabilities, targets) -> None:
        self.batches.append((level, epoch, indices, probabilities, targets))

    @hookimpl
    def epoch_finished(self, epoch, metrics, cell) -> None:
        self.calls.append(f"epoch {epoch}")
        self.metrics = metrics

    @hookimpl
    def search_finished(self, cell, folder) -> None:
        self.calls.append("finished")
        self.cell = cell


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_searches_with_pruning_and_repeats_itself(name: str) -> None:
    cells = []
    for _ in range(2):
        pruner = BilevelPruner(Schedule(2, 0.3, 0.2))
        search = make_search(STRATEGIES[name](), (pruner,), warm_up=0)
        result = search.run()
        parse(result.cell)
        assert result.records[-1].left == {"weights": 23, "architecture": 26}
        alpha = search.learner.architecture.alpha["cell"].detach().clone()
        cells.append((result.cell, alpha))
        assert all(np.isfinite(list(record.metrics.values())).all() for record in result.records)
    assert cells[0][0] == cells[1][0]
    assert torch.equal(cells[0][1], cells[1][1])


def test_parts_of_three_papers_in_one_search() -> None:
    strategy = combine(pc_darts(), combine(beta_darts(), sdarts_rs()))
    search = make_search(strategy, (BilevelPruner(Schedule(2, 0.3, 0.2)),), warm_up=1)
    assert parse(search.run().cell)
    assert search.learner.architecture.edge
    assert search.learner.strategy.name == "pc-darts+beta-darts+sdarts-rs"


def test_the_search_learns() -> None:
    result = make_search(count=128, epochs=6, channels=8).run()
    first, last = result.records[0].metrics, result.records[-1].metrics
    assert last["weights_loss"] < 0.8 * first["weights_loss"]
    assert last["architecture_accuracy"] > 60


def test_hooks_see_every_example_once_with_its_own_label() -> None:
    spy = Spy()
    search = make_search(plugins=(spy,))
    result = search.run()
    labels = search.dataset.labels
    for level in ("weights", "architecture"):
        for epoch in (1, 2, 3):
            seen = [b for b in spy.batches if b[:2] == (level, epoch)]
            indices = np.concatenate([b[2] for b in seen])
            np.testing.assert_array_equal(np.sort(indices), search.active[level])
            np.testing.assert_array_equal(np.concatenate([b[4] for b in seen]), labels[indices])
    probabilities = torch.cat([b[3] for b in spy.batches])
    assert probabilities.shape[1] == CLASSES
    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(probabilities)))
    assert not probabilities.requires_grad
    assert spy.calls == ["started", "epoch 1", "epoch 2", "epoch 3", "finished"]
    assert spy.info.sizes == {"weights": 32, "architecture": 32}
    assert spy.cell == result.cell
    assert set(spy.metrics) == {
        "weights_loss",
        "weights_accuracy",
        "architecture_loss",
        "architecture_accuracy",
        "seconds",
    }


def make_selection(weights: range, architecture: range, **facts: Any) -> Selection:
    both = np.array([*weights, *architecture])
    return Selection(both, np.array(weights), np.array(architecture), 64, "by hand", **facts)


def test_the_longer_level_sets_the_pace_and_the_shorter_is_cycled() -> None:
    spy = Spy()
    selection = make_selection(range(40), range(50, 60))
    result = make_search(plugins=(spy,), selection=selection).run()
    assert result.records[0].processed == {"weights": 40, "architecture": 30}
    seen = np.concatenate([b[2] for b in spy.batches if b[:2] == ("architecture", 1)])
    np.testing.assert_array_equal(np.unique(seen, return_counts=True)[1], [3] * 10)


def test_the_weights_level_sets_the_pace_where_that_is_asked_for() -> None:
    spy = Spy()
    selection = make_selection(range(20), range(24, 64))
    result = make_search(
        plugins=(spy,), selection=selection, epoch_of="weights", batch_size=8
    ).run()
    assert result.records[0].processed == {"weights": 20, "architecture": 24}  # 3 of 5 batches
    first, second = (
        np.concatenate([b[2] for b in spy.batches if b[:2] == ("architecture", epoch)])
        for epoch in (1, 2)
    )
    assert len(np.unique(first)) == 24, "no example comes twice in an epoch"
    assert set(first) != set(second)


@pytest.mark.parametrize(("strategy", "first"), [(darts(), "architecture"), (gdas(), "weights")])
def test_the_order_of_the_levels_is_the_strategy_s(strategy: Strategy, first: str) -> None:
    spy = Spy()
    make_search(strategy, plugins=(spy,), epochs=1).run()
    assert spy.batches[0][0] == first
    assert [batch[0] for batch in spy.batches].count(first) == len(spy.batches) / 2


def test_a_batch_larger_than_what_is_left() -> None:
    selection = make_selection(range(6), range(10, 15))
    result = make_search(selection=selection, batch_size=64).run()
    assert result.records[0].processed == {"weights": 6, "architecture": 5}


def test_a_selection_from_a_plugin_is_used() -> None:
    class Chooser:
        @hookimpl
        def choose_examples(self, size: int) -> Selection:
            assert size == 64
            return make_selection(range(8), range(20, 30))

    search = make_search(plugins=(Chooser(),))
    search.run()
    np.testing.assert_array_equal(search.active["weights"], np.arange(8))
    np.testing.assert_array_equal(search.active["architecture"], np.arange(20, 30))


def test_a_selection_for_another_dataset_is_refused() -> None:
    selection = make_selection(range(8), range(8, 16), dataset="other", fingerprint="0" * 64)
    with pytest.raises(SelectionError, match="fingerprint"):
        make_search(selection=selection).run()
    with pytest.raises(SelectionError, match="64 examples"):
        make_search(selection=make_selection(range(8), range(8, 16)), count=60).run()


def test_a_level_without_examples_is_refused() -> None:
    with pytest.raises(SearchError, match="at least 2 architecture examples"):
        make_search(selection=make_selection(range(8), range(9, 10))).run()


def test_a_dataset_without_labels_is_refused() -> None:
    search = make_search()
    search.dataset = ArrayDataset("bare", search.dataset.images.numpy())
    with pytest.raises(DatasetError, match="a one-shot search needs class labels"):
        search.run()


def test_answers_of_several_pruners_are_intersected() -> None:
    class Keeps:
        def __init__(self, remainder: int) -> None:
            self.remainder = remainder

        @hookimpl
        def prune_examples(self, active: np.ndarray) -> np.ndarray:
            return active[active % self.remainder == 0]

    search = make_search(plugins=(Keeps(2), Keeps(3)), epochs=1)
    search.run()
    assert all((active % 6 == 0).all() for active in search.active.values())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.array([0, 999]), "not in use"),
        (np.array([], dtype=np.int64), "0 weights examples are left"),
    ],
)
def test_a_pruner_that_breaks_the_rules_is_told(answer: np.ndarray, message: str) -> None:
    class Wrong:
        @hookimpl
        def prune_examples(self) -> np.ndarray:
            return answer

    with pytest.raises(PruningError, match=message):
        make_search(plugins=(Wrong(),)).run()


# ------------------------------------------------------------------------ files and faults


class StopAfter:
    """Dies after an epoch, in the middle of the next."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    @hookimpl
    def batch_finished(self, epoch: int) -> None:
        if epoch > self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["darts", "gdas", "darts-2nd", "pc-darts"])
@pytest.mark.parametrize("stop", [1, 3])
def test_an_interrupted_search_ends_like_an_uninterrupted_one(
    tmp_path: Path, name: str, stop: int
) -> None:
    def make(folder: Path, *more: object) -> Search:
        pruner = BilevelPruner(Schedule(2, 0.3, 0.2))
        return make_search(STRATEGIES[name](), (pruner, *more), folder, epochs=4, warm_up=0)

    whole = make(tmp_path / "whole")
    expected = whole.run()
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "cut", StopAfter(stop)).run()
    resumed = make(tmp_path / "cut")
    result = resumed.run()
    assert result.cell == expected.cell
    for one, other in zip(
        resumed.learner.state_dict()["supernet"].values(),
        whole.learner.state_dict()["supernet"].values(),
        strict=True,
    ):
        assert torch.equal(one, other)
    assert torch.equal(
        resumed.learner.architecture.alpha["cell"], whole.learner.architecture.alpha["cell"]
    )
    for level in ("weights", "architecture"):
        np.testing.assert_array_equal(resumed.active[level], whole.active[level])
    assert [r.left for r in result.records] == [r.left for r in expected.records]


def endless(folder: Path) -> None:
    make_search(plugins=(BilevelPruner(Schedule(2, 0.05, 0.05)),), folder=folder, epochs=16).run()


def test_killed_without_warning_and_resumed(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=endless, args=(tmp_path,))
    process.start()
    patience = time.monotonic() + 60
    while not (tmp_path / PREVIOUS).exists():
        assert time.monotonic() < patience, "the search wrote no checkpoint in a minute"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL

    def finish(folder: Path) -> tuple[str, torch.Tensor]:
        search = make_search(
            plugins=(BilevelPruner(Schedule(2, 0.05, 0.05)),), folder=folder, epochs=16
        )
        return search.run().cell, search.learner.architecture.alpha["cell"].detach()

    cell, alpha = finish(tmp_path)
    expected_cell, expected_alpha = finish(tmp_path / "whole")
    assert cell == expected_cell
    assert torch.equal(alpha, expected_alpha)


def test_a_finished_search_computes_nothing_again(tmp_path: Path) -> None:
    first = make_search(folder=tmp_path).run()
    spy = Spy()
    again = make_search(folder=tmp_path, plugins=()).run()
    assert again.cell == first.cell
    assert again.records == read_history(tmp_path / "history.json")
    assert spy.batches == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = make_search(folder=tmp_path).run()
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    search = make_search(folder=tmp_path)
    with caplog.at_level(logging.INFO):
        result = search.run()
    assert result.cell == expected.cell
    assert "going on after epoch 2" in caplog.text
    assert ("damaged" in caplog.text) == (damage != "gone")


def test_when_every_checkpoint_is_damaged_the_user_is_told(tmp_path: Path) -> None:
    make_search(folder=tmp_path).run()
    for name in (NAME, PREVIOUS):
        (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(RunFolderError, match="every checkpoint is damaged"):
        make_search(folder=tmp_path).run()


def test_a_kill_between_the_checkpoint_and_the_history_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = loop.write_text

    def killed(path: Path, text: str, **kinds: Any) -> None:
        if len(json.loads(text)) == 3:
            raise KeyboardInterrupt
        written(path, text, **kinds)

    monkeypatch.setattr(loop, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        make_search(folder=tmp_path).run()
    monkeypatch.undo()
    assert len(read_history(tmp_path / "history.json")) == 2
    again = make_search(folder=tmp_path).run()
    assert [record.epoch for record in again.records] == [1, 2, 3]
    assert read_history(tmp_path / "history.json") == again.records


@pytest.mark.parametrize("content", [b"", b"[", b"\xff\x1b[2J", b'{"epoch": 1}'])
def test_a_damaged_history_is_written_anew(tmp_path: Path, content: bytes) -> None:
    first = make_search(folder=tmp_path).run()
    (tmp_path / "history.json").write_bytes(content)
    with pytest.raises(RunFolderError, match=r"history.json is damaged .*search again"):
        read_history(tmp_path / "history.json")
    assert make_search(folder=tmp_path).run().records == first.records
    assert read_history(tmp_path / "history.json") == first.records


def test_a_damaged_checkpoint_never_takes_the_place_of_the_good_one(tmp_path: Path) -> None:
    """It is overwritten by the next epoch's, beside the last one that was whole."""
    make_search(folder=tmp_path, epochs=2).run()
    good = (tmp_path / PREVIOUS).read_bytes()
    (tmp_path / NAME).write_bytes(b"nonsense")
    save_checkpoint(tmp_path, {"records": []})
    assert (tmp_path / PREVIOUS).read_bytes() == good
    assert load_checkpoint(tmp_path) == {"records": []}


@pytest.mark.parametrize(
    "state",
    [{}, {"identity": 1}, {"identity": {}}, "change", "records"],
    ids=["empty", "identity", "no identity", "learner", "records"],
)
def test_a_checkpoint_that_holds_something_else_is_told(tmp_path: Path, state: Any) -> None:
    make_search(folder=tmp_path, epochs=1).run()
    if isinstance(state, str):
        whole = load_checkpoint(tmp_path)
        assert whole is not None
        state = {**whole, "learner": {}} if state == "change" else {**whole, "records": [{"a": 1}]}
    save_checkpoint(tmp_path, state)
    with pytest.raises(RunFolderError, match=r"checkpoint.pt is damaged .*--overwrite|other"):
        make_search(folder=tmp_path, epochs=2).run()


def test_a_checkpoint_torch_cannot_read_is_told(tmp_path: Path) -> None:
    payload = b"whole, but no checkpoint"
    (tmp_path / NAME).write_bytes(hashlib.sha256(payload).digest() + payload)
    with pytest.raises(RunFolderError, match=r"checkpoint.pt is damaged"):
        make_search(folder=tmp_path).run()


def test_a_folder_that_was_taken_away_ends_the_search_at_the_next_epoch(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    spy = Spy()

    def check() -> None:
        if "epoch 2" in spy.calls:
            raise RunFolderError("taken away")

    search = make_search(plugins=(spy,), folder=folder)
    search.check_folder = check
    with pytest.raises(RunFolderError, match="taken away"):
        search.run()
    assert len(read_history(folder / "history.json")) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"seed": 1}, "seed"),
        ({"epochs": 2}, "a search of 3 epochs, more than the 2"),
        ({"strategy": beta_darts()}, "strategy"),
        ({"channels": 8}, "supernet"),
        ({"selection": make_selection(range(8), range(8, 16))}, "selection"),
        ({"plugins": (BilevelPruner(),)}, "plugins"),
    ],
)
def test_a_folder_of_another_run_is_refused(
    tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    make_search(folder=tmp_path, epochs=3).run()
    with pytest.raises(RunFolderError, match=word):
        make_search(folder=tmp_path, **{"epochs": 3, **change}).run()


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot write"):
        make_search(folder=tmp_path / "file").run()


class Poison:
    """Makes the network's weights nan in an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.learner: Any = None

    @hookimpl
    def epoch_finished(self, epoch: int) -> None:
        if epoch == self.epoch - 1:
            with torch.no_grad():
                self.learner.weights[0].fill_(float("nan"))


def test_a_loss_that_is_nan_stops_the_search_with_the_last_state_kept(tmp_path: Path) -> None:
    poison = Poison(3)
    search = make_search(plugins=(poison, BilevelPruner(Schedule(2, 0.1, 0.1))), folder=tmp_path)
    poison.learner = search.learner
    with pytest.raises(SearchError, match=r"loss is nan in epoch 3; the state after epoch 2"):
        search.run()
    assert len(read_history(tmp_path / "history.json")) == 2


def test_collapse_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    search = make_search(epochs=2)
    with torch.no_grad():
        search.learner.architecture.alpha["cell"][:, 1] = 5.0
    with caplog.at_level(logging.WARNING):
        result = search.run()
    assert result.records[-1].free_share == 1.0
    assert caplog.text.count("collapsed") == 1
    assert "6 are skip_connect" in caplog.text


def test_images_may_be_reduced() -> None:
    seen = []
    search = make_search(image_reduction=2, epochs=1)
    search.learner.supernet.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    search.run()
    assert {tuple(images.shape[1:]) for images in seen} == {(3, 4, 4)}


def test_a_level_that_is_not_prunable_stays_whole() -> None:
    """A pruner that halves whatever it is asked about halves the weight examples alone."""

    class Halves:
        @hookimpl
        def prune_examples(self, active: NDArray[np.int64]) -> NDArray[np.int64]:
            return active[::2]

    learner = make_learner(darts(), epochs=2)
    search = Search(coloured(64), learner, acting(Halves()), "nb201", prunable=("weights",))
    records = search.run().records
    assert [record.left for record in records] == [
        {"weights": 16, "architecture": 32},
        {"weights": 8, "architecture": 32},
    ]
