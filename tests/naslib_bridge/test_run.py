"""Selection, pruning and hooks over queues like NASLib's, without NASLib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ConfigError, DatasetError, PruningError, SearchError
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.naslib_bridge.run import ProxyRun
from naslib_proxydata.naslib_bridge.settings import ProxyData
from naslib_proxydata.naslib_bridge.training_data import TrainingData
from tests.naslib_bridge.naslib_setup import CLASSES, IMAGES, FakeImages


def queues(data: Any = None, other: Any = None) -> tuple[Any, Any]:
    data = data or FakeImages()
    sampler = torch.utils.data.SubsetRandomSampler
    half = len(data) // 2
    return (
        torch.utils.data.DataLoader(data, 8, sampler=sampler(range(half))),
        torch.utils.data.DataLoader(other or data, 8, sampler=sampler(range(half, len(data)))),
    )


def begun(block: dict[str, Any], **options: Any) -> ProxyRun:
    run = ProxyRun(
        block=ProxyData.parse(block, "test"),
        space="nb201",
        strategy="DARTSOptimizer",
        dataset="fake",
        epochs=6,
        seed=options.get("seed", 0),
        portion=options.get("portion", 0.5),
        device="cpu",
        settings={},
    )
    run.begin(*queues())
    return run


def run_epoch(run: ProxyRun, epoch: int) -> None:
    """Iterate as NASLib does, with probabilities that differ by example and epoch."""
    run.start_epoch(epoch)
    generator = torch.Generator().manual_seed(epoch)
    for _, train_labels in run.loaders["weights"]:
        _, labels = next(iter(run.loaders["architecture"]))
        run.batch("architecture", torch.randn(len(labels), CLASSES, generator=generator), labels)
        logits = torch.randn(len(train_labels), CLASSES, generator=generator)
        run.batch("weights", logits, train_labels)
    run.end_epoch({}, "")


def test_an_empty_block_keeps_naslibs_split() -> None:
    run = begun({})
    assert run.active["weights"].tolist() == list(range(24))
    assert run.active["architecture"].tolist() == list(range(24, 48))


def test_a_selection_respects_the_portion() -> None:
    run = begun({"selector": {"name": "random", "fraction": 0.5}}, portion=0.75)
    assert len(run.active["weights"]) == 18
    assert len(run.active["architecture"]) == 6
    assert not np.intersect1d(*run.active.values()).size


def test_scores_from_a_file_follow_the_dataset(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).random(IMAGES)
    labels = FakeImages().targets
    lines = [f"{i}\t{score}\t{labels[i]}" for i, score in enumerate(scores)]
    (tmp_path / "scores.txt").write_text("\n".join(lines))
    chosen = {
        "name": "entropy-top",
        "size": 10,
        "scores": str(tmp_path / "scores.txt"),
    }
    run = begun({"selector": chosen})
    kept = np.sort(np.concatenate(list(run.active.values())))
    assert kept.tolist() == np.sort(np.argsort(scores)[-10:]).tolist()


def test_unknown_names_come_with_the_closest() -> None:
    with pytest.raises(ConfigError, match="mean 'class-random'"):
        begun({"selector": {"name": "class-randm", "fraction": 0.5}})


def test_pruning_shrinks_both_levels_as_scheduled() -> None:
    run = begun({"bdp": {"preset": "to-4-percent", "class_balance": False}})
    for epoch in range(1, 7):
        run_epoch(run, epoch)
    assert [one["weights"] for one in run.sizes] == [24, 24, 20, 20, 16, 16]
    assert [one["architecture"] for one in run.sizes] == [24, 24, 22, 22, 20, 20]


def test_state_goes_on_where_it_was_left() -> None:
    block = {"bdp": {"preset": "to-4-percent", "class_balance": False}}
    whole = begun(block)
    for epoch in range(1, 5):
        run_epoch(whole, epoch)
    first = begun(block)
    for epoch in (1, 2, 3):
        run_epoch(first, epoch)
    second = begun(block)
    state = first.state_dict()
    state["active"] = {level: torch.from_numpy(one) for level, one in state["active"].items()}
    second.load_state_dict(state)
    run_epoch(second, 4)
    for level, active in whole.active.items():
        assert np.array_equal(second.active[level], active)


class Choosy:
    """Answers what it is told to."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def prune_examples(self, level: str) -> Any:
        return np.array(self.answer) if level == "weights" else None


@pytest.mark.parametrize(("answer", "message"), [([40], "not in use"), ([1], "left 1 weights")])
def test_plugins_cannot_prune_wrongly(answer: list[int], message: str) -> None:
    run = begun({})
    run.plugins.manager.register(Choosy(answer), "choosy")
    with pytest.raises(PruningError, match=message):
        run_epoch(run, 1)


def test_queues_of_another_kind_are_refused() -> None:
    run = begun({})
    with pytest.raises(SearchError, match="one dataset"):
        run.begin(*queues(FakeImages(), FakeImages()))
    plain = torch.utils.data.DataLoader(FakeImages(), 8)
    with pytest.raises(SearchError, match="SubsetRandomSampler"):
        run.begin(plain, torch.utils.data.DataLoader(plain.dataset, 8))


class FromOne(FakeImages):
    """Lists its classes from 1 and gives them from 0, like NASLib's ImageNet16."""

    def __init__(self) -> None:
        super().__init__()
        self.targets = [label + 1 for label in self.targets]

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.images[index], self.targets[index] - 1


def test_labels_are_those_that_are_given() -> None:
    data = TrainingData("from-one", FromOne())
    assert data.labels is not None
    assert data.labels.tolist() == FakeImages().targets
    inconsistent = FakeImages()
    inconsistent.targets = np.array(inconsistent.targets)  # type: ignore[assignment]
    data = TrainingData("fake", inconsistent)
    assert data.fingerprint == TrainingData("fake", FakeImages()).fingerprint


def test_normalised_images_have_a_fingerprint_of_their_labels() -> None:
    normalised = FakeImages()
    normalised.images = normalised.images * 4 - 2
    data = TrainingData("normalised", normalised)
    assert data.fingerprint != TrainingData("fake", FakeImages()).fingerprint
    with pytest.raises(DatasetError, match="normalisation"):
        data.pixels(np.array([0]))
