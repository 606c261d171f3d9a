"""Selection, pruning and hooks over queues like NASLib's, without NASLib."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import (
    ConfigError,
    DatasetError,
    NaslibError,
    PluginError,
    ProxyDataError,
    PruningError,
    SearchError,
    SelectionError,
)
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.naslib_bridge.record import write_record
from naslib_proxydata.naslib_bridge.run import ProxyRun
from naslib_proxydata.naslib_bridge.settings import ProxyData
from naslib_proxydata.naslib_bridge.training_data import TrainingData
from naslib_proxydata.plugins import Plugins, Provider, load
from tests.naslib_bridge.naslib_setup import CLASSES, IMAGES, FakeImages

PLUGINS = load()
HERE = Provider("tests", "tests", "0")


def queues(data: Any = None, other: Any = None) -> tuple[Any, Any]:
    data = data or FakeImages()
    sampler = torch.utils.data.SubsetRandomSampler
    half = len(data) // 2
    return (
        torch.utils.data.DataLoader(data, 8, sampler=sampler(range(half))),
        torch.utils.data.DataLoader(other or data, 8, sampler=sampler(range(half, len(data)))),
    )


def made(block: dict[str, Any], **options: Any) -> ProxyRun:
    return ProxyRun(
        block=ProxyData.parse(block, "test"),
        plugins=options.get("plugins", PLUGINS),
        space="nb201",
        strategy="DARTSOptimizer",
        dataset="fake",
        epochs=6,
        seed=options.get("seed", 0),
        portion=options.get("portion", 0.5),
        device="cpu",
        settings={},
        folder=options.get("folder"),
    )


def begun(block: dict[str, Any], **options: Any) -> ProxyRun:
    run = made(block, **options)
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


def test_scores_of_another_scorer_are_refused_unless_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "entropy.npz"
    np.savez(path, scores=np.arange(IMAGES), made_by=np.array('{"scorer": "entropy"}'))
    chosen: dict[str, Any] = {"name": "el2n", "size": 10, "scores": str(path)}
    with pytest.raises(SelectionError, match="scores of scorer 'entropy'"):
        begun({"selector": chosen})
    run = begun({"selector": {**chosen, "scorer": "entropy"}})
    kept = np.sort(np.concatenate(list(run.active.values())))
    assert kept.tolist() == list(range(IMAGES - 10, IMAGES))


def test_whole_classes_need_no_size() -> None:
    run = begun({"selector": {"name": "class-subset", "options": {"classes": 1}}})
    kept = np.sort(np.concatenate(list(run.active.values())))
    labels = np.array(FakeImages().targets)
    assert kept.tolist() == np.flatnonzero(labels == labels[kept[0]]).tolist()
    run = begun({"selector": {"name": "class-uniform", "fraction": 0.5}})
    for half in run.active.values():
        assert set(labels[half]) == set(labels), "every class in both halves"


def test_unknown_names_come_with_the_closest() -> None:
    with pytest.raises(ConfigError, match="mean 'class-random'"):
        begun({"selector": {"name": "class-randm", "fraction": 0.5}})


def test_pruning_shrinks_both_levels_as_scheduled() -> None:
    run = begun({"bdp": {"preset": "20/10", "class_balance": False}})
    for epoch in range(1, 7):
        run_epoch(run, epoch)
    assert [one["weights"] for one in run.sizes] == [24, 24, 20, 20, 16, 16]
    assert [one["architecture"] for one in run.sizes] == [24, 24, 22, 22, 20, 20]


def test_state_goes_on_where_it_was_left() -> None:
    block = {"bdp": {"preset": "20/10", "class_balance": False}}
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


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ([40], PruningError, "not in use"),
        ([1], PruningError, "1 weights examples are left after epoch 1"),
        ([0.5, 1.5], PluginError, r"plugin 'tests' \(tests 0\): hook 'prune_examples'.*float64"),
        ([True, False], PluginError, r"mask of shape \(2,\) does not fit active of shape \(24,\)"),
    ],
)
def test_actors_cannot_prune_wrongly(answer: Any, error: type[Exception], message: str) -> None:
    run = begun({})
    run.acting.add("choosy", Choosy(answer), HERE)
    with pytest.raises(error, match=message):
        run_epoch(run, 1)


def test_a_mask_of_the_active_examples_is_read_as_one() -> None:
    run = begun({})
    run.acting.add("choosy", Choosy([True, False] * 12), HERE)
    run_epoch(run, 1)
    assert run.active["weights"].tolist() == list(range(0, 24, 2))


@pytest.mark.parametrize(
    "block",
    [
        {"pruner": {"name": "bdp", "schedule": "20/10", "class_balance": False}},
        {"pruner": {"name": "bdp", "ratios": [0.2, 0.1], "period": 2, "class_balance": False}},
        {"pruner": {"name": "random", "schedule": "20/10"}},
    ],
)
def test_a_named_pruner_has_the_sizes_of_the_short_form(block: dict[str, Any]) -> None:
    short = begun({"bdp": {"preset": "20/10", "class_balance": False}})
    run = begun(block)
    for epoch in range(1, 5):
        run_epoch(run, epoch)
        run_epoch(short, epoch)
    assert run.sizes == short.sizes


def test_the_short_form_is_the_pruner_bdp() -> None:
    short = begun({"bdp": {"fraction": 0.5, "class_balance": False, "weights_drops": "high"}})
    long = begun(
        {
            "pruner": {
                "name": "bdp",
                "schedule": 0.5,
                "class_balance": False,
                "weights_drops": "high",
            }
        }
    )
    for epoch in range(1, 7):
        run_epoch(short, epoch)
        run_epoch(long, epoch)
    assert short.sizes[0] != short.sizes[-1]
    for level, active in short.active.items():
        assert np.array_equal(long.active[level], active)


def test_el2n_prunes_once() -> None:
    run = begun({"pruner": {"name": "el2n", "fraction": 0.5, "epoch": 2}})
    for epoch in range(1, 5):
        run_epoch(run, epoch)
    assert [one["weights"] for one in run.sizes] == [24, 24, 12, 12]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"pruner": "bpd"}, "unknown pruner 'bpd'.*mean 'bdp'"),
        ({"pruner": {"name": "bdp", "shedule": 0.5}}, "unknown option 'shedule'.*mean 'schedule'"),
        ({"pruner": {"name": "bdp", "schedule": "to-4-procent"}}, "mean 'to-4-percent'"),
        ({"bdp": {"preset": "to-4-procent"}}, "mean 'to-4-percent'"),
        ({"observers": ["tensorbord"]}, "unknown observer 'tensorbord'"),
    ],
)
def test_what_acts_is_checked_before_the_search(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ProxyDataError, match=message):
        made(block)


@pytest.mark.parametrize("name", ["infobatch", "glister"])
def test_pruners_that_weigh_examples_are_refused(name: str) -> None:
    with pytest.raises(NaslibError, match=f"'{name}' weighs examples.*bdp, random or el2n"):
        made({"pruner": name})


PLUGIN = """
from naslib_proxydata.hookspecs import hookimpl

epochs = []


@hookimpl
def {hook}({argument}):
    epochs.append({argument})
"""


def plugin_file(folder: Path, hook: str, argument: str = "epoch") -> Path:
    path = folder / "acts.py"
    path.write_text(PLUGIN.format(hook=hook, argument=argument))
    return path


def test_a_plugin_file_acts(tmp_path: Path) -> None:
    found = load([plugin_file(tmp_path, "epoch_finished")])
    run = begun({}, plugins=found)
    assert run.wants_cells
    run_epoch(run, 1)
    run_epoch(run, 2)
    assert dict(run.acting.items())["acts"].epochs == [1, 2]


def test_a_plugin_file_that_weighs_is_refused(tmp_path: Path) -> None:
    path = plugin_file(tmp_path, "weigh_examples")
    with pytest.raises(NaslibError, match=rf"'acts' weighs examples.*{path}"):
        made({}, plugins=load([path]))


class Chooses:
    """Is installed, and would choose if it acted."""

    @hookimpl
    def choose_examples(self, size: int) -> list[int]:
        return list(range(12))


def test_an_installed_plugin_acts_only_where_it_is_named() -> None:
    found = Plugins()
    found.add(Chooses(), Provider("chooses", "somebodys-distribution", "1.2"))
    silent = begun({}, plugins=found)
    assert len(silent.active["weights"]) == 24
    run = begun({"observers": ["chooses"]}, plugins=found)
    kept = np.sort(np.concatenate(list(run.active.values())))
    assert kept.tolist() == list(range(12))


def test_what_acts_is_logged_and_recorded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        run = begun(
            {"pruner": {"name": "el2n", "fraction": 0.5, "epoch": 3}}, folder=tmp_path, seed=7
        )
    assert "el2n of naslib-proxydata" in caplog.text
    write_record(tmp_path, run, {"space": "nb201"})
    found = json.loads((tmp_path / "env.json").read_text())
    assert found["acting"][0]["name"] == "el2n"
    assert found["acting"][0]["options"] == {"fraction": 0.5, "epoch": 3}
    assert found["acting"][0]["provided by"].startswith("naslib-proxydata ")
    assert found["search"] == {"space": "nb201"}
    assert found["seeds"] == [7]
    assert found["packages"]["torch"] == torch.__version__


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
