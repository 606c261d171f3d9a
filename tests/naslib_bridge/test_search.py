"""NASLib's own searches with proxy data; skipped where NASLib does not import."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import naslib_proxydata
from naslib_proxydata.errors import ConfigError, NaslibError, RunFolderError
from naslib_proxydata.hookspecs import hookimpl
from tests.naslib_bridge.naslib_setup import (
    IMAGES,
    FakeImages,
    configuration,
    fake_trainer,
    queues,
    require_naslib,
)

require_naslib()

import naslib.defaults.trainer
import naslib.utils
from naslib.defaults.trainer import Trainer
from naslib.optimizers import (
    DARTSOptimizer,
    DrNASOptimizer,
    GDASOptimizer,
    OneShotNASOptimizer,
    RandomNASOptimizer,
)
from naslib.search_spaces import NasBench201SearchSpace, NasBench301SearchSpace
from naslib.search_spaces.core.graph import Graph
from naslib.search_spaces.core.primitives import MixedOp

from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied, space_graph
from naslib_proxydata.naslib_bridge.nasbench301 import NasBench301
from naslib_proxydata.plugins import Provider
from naslib_proxydata.runs.checkpoint import load_checkpoint
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.tables.nb201_compact import read_compact

OPTIMIZERS = [
    DARTSOptimizer,
    GDASOptimizer,
    DrNASOptimizer,
    RandomNASOptimizer,
    OneShotNASOptimizer,
]
HALVED = {
    "selector": {"name": "class-random", "fraction": 0.5},
    "bdp": {"fraction": 0.6, "class_balance": False},
}
FakeStock = fake_trainer(Trainer)


class FakeProxy(ProxyTrainer, FakeStock):  # type: ignore[misc,valid-type]
    """The bridge's trainer over the fake images."""


class Stock(DARTSOptimizer):  # type: ignore[misc]
    """NASLib's optimizer, but for the parameter count that fails on numpy 2.4."""

    def get_model_size(self) -> float:
        return 0.0


class Watcher:
    """Remembers what the hooks told."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, int, Any, Any, Any]] = []
        self.cells: list[str] = []
        self.finished = ""

    @hookimpl
    def batch_finished(
        self, level: str, epoch: int, indices: Any, probabilities: Any, targets: Any
    ) -> None:
        self.batches.append((level, epoch, indices.copy(), probabilities, targets))

    @hookimpl
    def epoch_finished(self, cell: str) -> None:
        self.cells.append(cell)

    @hookimpl
    def search_finished(self, cell: str) -> None:
        self.finished = cell


def made(
    trainer: Any, optimizer: Any, save: Path, block: dict[str, Any] | None = None, **search: Any
) -> Any:
    config = configuration(save, block, **search)
    torch.manual_seed(5)
    one = optimizer(**config.search)
    one.adapt_search_space(NasBench201SearchSpace(n_classes=6), config.dataset)
    return trainer(one, config)


def watched(trainer: Any) -> Watcher:
    watcher = Watcher()
    trainer.run.acting.add("watcher", watcher, Provider("watcher", "tests"))
    return watcher


def alphas(trainer: Any) -> list[list[float]]:
    return [one.tolist() for one in trainer.optimizer.architectural_weights]


@pytest.mark.parametrize("block", [None, {"enabled": False, **HALVED}], ids=["absent", "off"])
def test_without_the_block_it_is_naslib(tmp_path: Path, block: dict[str, Any] | None) -> None:
    ours = made(FakeProxy, proxied(DARTSOptimizer), tmp_path / "ours", block)
    theirs = made(FakeStock, Stock, tmp_path / "theirs")
    for trainer in (ours, theirs):
        trainer.search()
    for name in ("train_loss", "valid_loss", "train_acc", "valid_acc"):
        assert ours.search_trajectory[name] == theirs.search_trajectory[name]
    assert alphas(ours) == alphas(theirs)
    assert not (tmp_path / "ours" / "search" / "proxy_data").exists()


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.__name__)
def test_selection_and_pruning(tmp_path: Path, optimizer: Any) -> None:
    trainer = made(FakeProxy, proxied(optimizer), tmp_path, HALVED, epochs=2)
    watcher = watched(trainer)
    trainer.search()
    before = trainer.run.sizes[0]
    assert before == {"weights": IMAGES // 4, "architecture": IMAGES // 4}
    left = {level: len(active) for level, active in trainer.run.active.items()}
    schedule = dict(trainer.run.acting.items())["bdp"].schedule
    for level, count in before.items():  # one pruning, after the second epoch
        assert left[level] == count - int(schedule.ratio(level) * count + 1e-9)
    labels = np.array(FakeImages().targets)
    for level, epoch, indices, probabilities, targets in watcher.batches:
        assert epoch in (1, 2)
        assert np.array_equal(labels[indices], targets.numpy()), level
        assert probabilities.shape == (len(indices), 6)
        assert not probabilities.requires_grad
    for level in before:
        for epoch in (1, 2):
            seen = [b[2] for b in watcher.batches if b[0] == level and b[1] == epoch]
            assert len(np.unique(np.concatenate(seen))) == len(np.concatenate(seen)) == IMAGES // 4
    assert len(watcher.cells) == 2
    if optimizer not in (OneShotNASOptimizer, RandomNASOptimizer):  # NASLib derives none of these
        NasBench201().parse(watcher.finished)


def test_every_validation_image_is_seen_once_an_epoch(tmp_path: Path) -> None:
    trainer = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, {}, train_portion=0.75)
    watcher = watched(trainer)
    trainer.search()
    for epoch in (1, 2):
        seen = [b[2] for b in watcher.batches if b[:2] == ("architecture", epoch)]
        first_round = np.concatenate(seen)[: IMAGES // 4]
        assert np.array_equal(np.sort(first_round), np.arange(3 * IMAGES // 4, IMAGES))
        weights = np.concatenate([b[2] for b in watcher.batches if b[:2] == ("weights", epoch)])
        assert np.array_equal(np.sort(weights), np.arange(3 * IMAGES // 4))


@pytest.mark.parametrize(
    "optimizer", [DARTSOptimizer, GDASOptimizer, DrNASOptimizer], ids=lambda one: one.__name__
)
def test_resume_gives_the_same_architecture(tmp_path: Path, optimizer: Any) -> None:
    whole = made(FakeProxy, proxied(optimizer), tmp_path / "whole", HALVED, epochs=3)
    whole.search()
    killed = made(FakeProxy, proxied(optimizer), tmp_path / "killed", HALVED, epochs=3)

    def kill(epoch: int) -> None:
        if epoch == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed.search(after_epoch=kill)
    resumed = made(FakeProxy, proxied(optimizer), tmp_path / "killed", HALVED, epochs=3)
    torch.manual_seed(77)  # what a new process begins with must not matter
    resumed.search(resume_from=str(tmp_path / "killed" / "search"))
    assert resumed.search_trajectory.train_loss == whole.search_trajectory.train_loss
    assert resumed.search_trajectory.valid_loss == whole.search_trajectory.valid_loss
    assert alphas(resumed) == alphas(whole)
    for level, active in whole.run.active.items():
        assert np.array_equal(resumed.run.active[level], active)


def test_resume_refuses_another_search(tmp_path: Path) -> None:
    one = {"selector": HALVED["selector"]}
    made(FakeProxy, proxied(DARTSOptimizer), tmp_path, one, epochs=1).search()
    other = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, {}, epochs=1)
    with pytest.raises(RunFolderError, match="block differ"):
        other.search(resume_from=str(tmp_path / "search"))
    with pytest.raises(RunFolderError, match="no checkpoint"):
        other.search(resume_from=str(tmp_path / "elsewhere" / "model_final.pth"))


@pytest.mark.parametrize("optimizer", [DARTSOptimizer, GDASOptimizer], ids=lambda one: one.__name__)
def test_the_darts_space(tmp_path: Path, optimizer: Any) -> None:
    images = FakeImages(8)
    images.images = torch.nn.functional.interpolate(images.images, (32, 32))

    class Large(Trainer):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, Any]:
            return queues(config, images)

    config = configuration(tmp_path, {}, epochs=1, batch_size=4)
    one = proxied(optimizer)(**config.search)
    one.adapt_search_space(NasBench301SearchSpace(n_classes=6), config.dataset)
    trainer = type("LargeProxy", (ProxyTrainer, Large), {})(one, config)
    watcher = watched(trainer)
    trainer.search()
    cell = Darts().parse(watcher.finished)
    assert NasBench301().text(NasBench301().hash(watcher.finished)) == Darts().text(cell)
    assert trainer.run.sizes == [{"weights": 4, "architecture": 4}]


def test_naslib_stays_as_it_is(tmp_path: Path) -> None:
    """No class or function that a search goes through is another one afterwards."""
    touched = (
        Trainer,
        DARTSOptimizer,
        Graph,
        MixedOp,
        naslib.utils,
        naslib.defaults.trainer,
        torch,
    )

    def members() -> list[dict[str, Any]]:
        return [dict(vars(one)) for one in touched]

    before = members()
    made(FakeProxy, proxied(DARTSOptimizer), tmp_path, HALVED).search()
    for one, old, new in zip(touched, before, members(), strict=True):
        assert [name for name in old if new.get(name) is not old[name]] == [], one


def test_naslib_evaluates(tmp_path: Path, shared_data: Path) -> None:
    trainer = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, HALVED, epochs=2)
    watcher = watched(trainer)
    trainer.search()
    table = read_compact(shared_data / "nb201.npz")
    expected = table.query(watcher.finished, "cifar10", "validation_accuracy")
    assert trainer.evaluate(dataset_api=dataset_api(table)) == expected
    later = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, HALVED, epochs=2)  # a new process
    assert later.evaluate(dataset_api=dataset_api(table)) == expected


def test_what_acted_can_be_seen_afterwards(tmp_path: Path) -> None:
    acts = tmp_path / "acts.py"
    acts.write_text(
        "from naslib_proxydata.hookspecs import hookimpl\n"
        "@hookimpl\ndef search_finished(folder):\n    (folder / 'acted').touch()\n"
    )
    block = {"pruner": {"name": "el2n", "fraction": 0.5, "epoch": 1}, "plugins": str(acts)}
    trainer = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, block)
    trainer.search()
    assert trainer.run.sizes[1] == {"weights": IMAGES // 4, "architecture": IMAGES // 4}
    folder = tmp_path / "search" / "proxy_data"
    state = load_checkpoint(folder)
    recorded = json.loads((folder / "env.json").read_text())
    assert state is not None
    assert recorded["acting"] == state["acting"]
    assert [one["name"] for one in recorded["acting"]] == ["acts", "el2n"]
    assert recorded["acting"][1]["options"] == {"fraction": 0.5, "epoch": 1}
    assert recorded["search"]["space"] == "nb201"
    assert (tmp_path / "search" / "acted").exists()


def test_pruners_that_weigh_are_refused_before_the_search(tmp_path: Path) -> None:
    with pytest.raises(NaslibError, match=r"'infobatch' weighs examples.*bdp, random or el2n"):
        made(FakeProxy, proxied(DARTSOptimizer), tmp_path, {"pruner": "infobatch"})
    assert not (tmp_path / "search" / "proxy_data").exists()


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'selektor'.* Did you mean 'selector'"):
        made(FakeProxy, proxied(DARTSOptimizer), tmp_path, {"selektor": {"name": "random"}})
    with pytest.raises(NaslibError, match=r"proxied\(Stock\)"):
        made(FakeProxy, Stock, tmp_path, HALVED)
    with pytest.raises(NaslibError, match="no method"):
        proxied(dict)


def test_the_block_is_never_ignored_under_naslibs_own_trainer(tmp_path: Path) -> None:
    trainer = made(FakeStock, proxied(DARTSOptimizer), tmp_path, HALVED)
    with pytest.raises(NaslibError, match=r"write ProxyTrainer\(optimizer, config\)"):
        trainer.search()
    off = made(FakeStock, proxied(DARTSOptimizer), tmp_path / "off", {"enabled": False, **HALVED})
    off.search()


def test_an_optimizer_as_naslib_has_it_is_told_before_naslibs_own_error(tmp_path: Path) -> None:
    """NASLib's constructor of the Trainer ends in numpy's TypeError for it."""
    with pytest.raises(NaslibError, match=r"write proxied\(DARTSOptimizer\)\(\*\*config.search\)"):
        made(FakeProxy, DARTSOptimizer, tmp_path, HALVED)


def test_a_predictor_on_a_one_shot_optimizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"predictor would change nothing.*DARTSOptimizer uses"):
        made(FakeProxy, proxied(DARTSOptimizer), tmp_path, {"predictor": {"name": "synflow"}})


def test_one_shot_search_of_our_spaces_is_told_what_to_do(tmp_path: Path) -> None:
    config = configuration(tmp_path, HALVED)
    one = proxied(DARTSOptimizer)(**config.search)
    with pytest.raises(NaslibError, match=r"give supernet_graph\('s1'\)"):
        one.adapt_search_space(space_graph(naslib_proxydata.space("s1")), config.dataset)
    with pytest.raises(NaslibError, match=r"there is none of this space.*nb1shot1-1"):
        one.adapt_search_space(space_graph(naslib_proxydata.space("nds-resnet")), config.dataset)


def test_a_search_ends_where_naslibs_graph_has_no_hash(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As TransBench101 micro's after a one-shot search: stock NASLib ends, so must we."""
    trainer = made(FakeProxy, proxied(DARTSOptimizer), tmp_path, HALVED)
    watcher = watched(trainer)

    def fail(graph: Any) -> Any:
        raise IndexError("list index out of range")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NasBench201SearchSpace, "get_hash", fail)
        trainer.search()
    assert watcher.finished == ""
    assert watcher.cells == [""] * len(watcher.cells)
    told = [one for one in caplog.messages if "fails in get_hash (IndexError" in one]
    assert len(told) == 1, "once a search"
