"""Every hook, called through the manager with the types that a run hands to it."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import ConfigError, PluginError
from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.hookspecs import (
    LEVELS,
    BenchmarkRegistration,
    Level,
    Registration,
    SearchInfo,
    WeightedExamples,
    hookimpl,
)
from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.mixture import Choices
from naslib_proxydata.oneshot.supernets.base import ChosenEdge, Supernet
from naslib_proxydata.plugins import KINDS, Acting, Plugins, Provider


def hook_names() -> list[str]:
    return [
        name
        for name, value in vars(hookspecs).items()
        if hasattr(value, f"{hookspecs.PROJECT}_spec")
    ]


def test_every_hook_has_a_test() -> None:
    assert len(hook_names()) >= 20
    missing = [name for name in hook_names() if f"test_{name}" not in globals()]
    assert not missing, f"add a test for each of these hooks to this file: {missing}"


def test_every_registration_hook_is_collected() -> None:
    registering = {name for name in hook_names() if name.startswith("register_")}
    assert registering == {kind.hook for kind in KINDS.values()}


def with_plugins(*implementations: Any) -> Plugins:
    """Return plugins of one hook each, registered in the given order."""
    found = Plugins()
    for number, implementation in enumerate(implementations):
        plugin = types.ModuleType(f"plugin{number}")
        setattr(plugin, implementation.__name__, hookimpl(implementation))
        found.add(plugin, Provider(f"plugin-{number}", "tests", "0"))
    return found


def made_here(**options: Any) -> Any:
    return options


def test_register_spaces() -> None:
    def register_spaces() -> Sequence[Registration]:
        return [Registration("grid", made_here, "a grid", "arXiv 0000.00000")]

    found = with_plugins(register_spaces)
    assert found.names("spaces") == ("grid",)
    assert found.registration("spaces", "grid").paper == "arXiv 0000.00000"


def test_register_benchmarks() -> None:
    def register_benchmarks() -> Sequence[BenchmarkRegistration]:
        return [BenchmarkRegistration("grid", made_here, "measured", space="grid", datasets=("a",))]

    registration = with_plugins(register_benchmarks).registration("benchmarks", "grid")
    assert isinstance(registration, BenchmarkRegistration)
    assert registration.datasets == ("a",)


def test_register_metrics() -> None:
    class Constant(Metric):
        name = "constant"
        title = "constant"

        def __init__(self, value: float = 0.5) -> None:
            self.value = value

        def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
            return self.value

    def register_metrics() -> Sequence[Registration]:
        return [Registration("constant", Constant, "t"), Registration("other", Constant, "t")]

    found = with_plugins(register_metrics)
    assert found.names("metrics") == ("constant", "other")
    made = found.create("metrics", "constant", value=0.7)
    assert made.measure(np.zeros(2), np.ones(2)) == 0.7
    with pytest.raises(ConfigError, match="unknown option 'size'"):
        found.create("metrics", "constant", size=1)
    with pytest.raises(PluginError, match="calls itself 'constant'; expected name = 'other'"):
        found.create("metrics", "other")


def test_register_predictors() -> None:
    def register_predictors() -> Sequence[Registration]:
        return (Registration("one", made_here, "t"), Registration("two", made_here, "t"))

    assert with_plugins(register_predictors).names("predictors") == ("one", "two")


def test_register_datasets() -> None:
    def register_datasets() -> Sequence[Registration]:
        return [Registration("squares", made_here, "grey squares")]

    assert with_plugins(register_datasets).names("datasets") == ("squares",)


def test_register_scorers() -> None:
    def register_scorers() -> Sequence[Registration]:
        return [Registration("brightness", made_here, "mean pixel")]

    assert with_plugins(register_scorers).names("scorers") == ("brightness",)


def test_register_selectors() -> None:
    def register_selectors() -> Sequence[Registration]:
        return [Registration("every-other", made_here, "t")]

    assert with_plugins(register_selectors).names("selectors") == ("every-other",)


def test_register_strategies() -> None:
    def register_strategies() -> Sequence[Registration]:
        return [Registration("greedy", made_here, "t")]

    assert with_plugins(register_strategies).names("strategies") == ("greedy",)


def test_register_optimizers() -> None:
    class Nothing(Optimizer[Any]):
        name = "nothing"

        def __init__(self, patience: int = 1) -> None:
            self.patience = patience

        def propose(self, fitness: Fitness) -> list[Any]:
            return []

    def register_optimizers() -> Sequence[Registration]:
        return [Registration("nothing", Nothing, "t"), Registration("other", Nothing, "t")]

    found = with_plugins(register_optimizers)
    assert found.names("optimizers") == ("nothing", "other")
    made = found.create("optimizers", "nothing", patience=3)
    assert isinstance(made, Nothing)
    assert made.patience == 3
    with pytest.raises(PluginError, match="calls itself 'nothing'; expected name = 'other'"):
        found.create("optimizers", "other")
    with pytest.raises(ConfigError, match="Did you mean 'patience'"):
        found.create("optimizers", "nothing", patiense=3)


class Offered:
    """Anything that a factory may make, where the kind asks for no class."""

    def __init__(self, size: int = 1) -> None:
        self.size = size


def offered_objects(kind: str) -> None:
    """Check a kind whose factories may return any object."""

    def register() -> Sequence[Registration]:
        return [Registration("mine", Offered, "t", aliases=("ours",))]

    register.__name__ = f"register_{kind}"
    found = with_plugins(register)
    assert found.names(kind) == ("mine",)
    assert found.create(kind, "ours", size=3).size == 3
    with pytest.raises(ConfigError, match="Did you mean 'size'"):
        found.create(kind, "mine", sice=3)


def test_register_pruners() -> None:
    offered_objects("pruners")


def test_register_observers() -> None:
    offered_objects("observers")


def test_register_supernets() -> None:
    class Small(Supernet):
        choices = {"chain": Choices(((0, 1),), (("a", "b"),))}  # noqa: RUF012

        def __init__(self, channels: int = 4, partial: int = 1, **_: int) -> None:
            super().__init__()
            self.channels, self.partial = channels, partial

        def forward(self, images: torch.Tensor, mixtures: Any) -> torch.Tensor:
            return images

        def chosen(self, strengths: Any) -> dict[str, list[ChosenEdge]]:
            return {"chain": []}

        def derive(self, strengths: Any) -> str:
            return "a"

    def register_supernets() -> Sequence[Registration]:
        return [Registration("tiny", Small, "t"), Registration("broken", made_here, "t")]

    found = with_plugins(register_supernets)
    make = supernet_builder(found, "tiny", channels=8, partial=2)
    made = make(torch.Generator(), None)
    assert isinstance(made, Small)
    assert (made.channels, made.partial) == (8, 2)
    assert supernet_builder(found, "tiny")(torch.Generator(), None).channels == 4
    with pytest.raises(ConfigError, match="Did you mean 'tiny'"):
        supernet_builder(found, "tiney")
    with pytest.raises(PluginError, match=r"returned dict, expected a .*:Supernet"):
        found.create("supernets", "broken", cells=1)


def test_register_naslib_graphs() -> None:
    class Grid(Conversion):
        name = "grid"

    def register_naslib_graphs() -> Sequence[Registration]:
        made = concrete(Grid)
        return [Registration("grid", made, "t"), Registration("other", made, "t")]

    found = with_plugins(register_naslib_graphs)
    assert isinstance(found.create("naslib-graphs", "grid"), Grid)
    with pytest.raises(PluginError, match="calls itself 'grid'; expected name = 'other'"):
        found.create("naslib-graphs", "other")


def concrete(abstract: type[Any]) -> type[Any]:
    """Return a class with something in the place of every abstract method."""
    methods = {name: lambda *_: None for name in abstract.__abstractmethods__}
    return type(abstract.__name__, (abstract,), methods)


# --------------------------------------------------------------------- the search lifecycle


def acting(*implementations: Any) -> Acting:
    """Return actors of one hook each, added in the given order."""
    made = Acting()
    for number, implementation in enumerate(implementations):
        actor = types.ModuleType(f"actor{number}")
        setattr(actor, implementation.__name__, hookimpl(implementation))
        made.add(f"actor-{number}", actor, Provider(f"actor-{number}", "tests", "0"))
    return made


def test_choose_examples() -> None:
    def first(size: int, targets: NDArray[np.int64] | None, seed: int) -> Any | None:
        return ("first", size, seed)

    def choose_examples(targets: NDArray[np.int64] | None) -> Any | None:
        return None if targets is None else ("labelled", targets.sum())

    first.__name__ = "choose_examples"
    found = acting(first, choose_examples)
    labels = np.array([1, 2], dtype=np.int64)
    call = found.hook.choose_examples
    assert call(size=2, targets=labels, seed=0) == ("labelled", 3), "the last actor is asked first"
    assert call(size=2, targets=None, seed=5) == ("first", 2, 5), "None leaves it to the next"
    assert Acting().hook.choose_examples(size=2, targets=None, seed=0) is None
    told = found.answers("choose_examples", size=2, targets=labels, seed=0)
    assert told == [("actor-1", ("labelled", 3)), ("actor-0", ("first", 2, 0))]


def test_search_started() -> None:
    seen: list[SearchInfo] = []

    def search_started(info: SearchInfo) -> None:
        seen.append(info)

    info = SearchInfo("nb201", "darts", 50, {"weights": 30, "architecture": 20})
    acting(search_started).hook.search_started(info=info)
    assert seen == [info]
    assert info.sizes["architecture"] == 20


def test_batch_finished() -> None:
    correct: list[float] = []

    def batch_finished(
        level: Level, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        assert level == "architecture"
        assert indices.dtype == np.int64
        correct.append((probabilities.argmax(1) == targets).float().mean().item())

    acting(batch_finished).hook.batch_finished(
        level="architecture",
        epoch=1,
        indices=np.array([7, 3], dtype=np.int64),
        probabilities=torch.tensor([[0.9, 0.1], [0.8, 0.2]]),
        targets=torch.tensor([0, 1]),
    )
    assert correct == [0.5]


def test_epoch_finished() -> None:
    lines: list[str] = []

    def epoch_finished(epoch: int, metrics: Mapping[str, float], cell: str) -> None:
        lines.append(f"{epoch} {metrics['weights_loss']} {cell}")

    acting(epoch_finished).hook.epoch_finished(
        epoch=2, metrics={"weights_loss": 0.5}, cell="|skip|"
    )
    assert lines == ["2 0.5 |skip|"]


def test_prune_examples() -> None:
    def prune_examples(level: Level, active: NDArray[np.int64]) -> NDArray[np.int64] | None:
        return active[::2] if level == "weights" else None

    hook = acting(prune_examples, prune_examples).hook
    active = np.arange(5, dtype=np.int64)
    kept = hook.prune_examples(level="weights", epoch=1, active=active)
    assert [one.tolist() for one in kept] == [[0, 2, 4]] * 2, "every actor answers"
    assert hook.prune_examples(level="architecture", epoch=1, active=active) == []


def test_weigh_examples() -> None:
    active = {level: np.arange(4, dtype=np.int64) for level in LEVELS}

    def weigh_examples(
        epoch: int, pool: Mapping[Level, NDArray[np.int64]], predict: Any
    ) -> Mapping[Level, WeightedExamples] | None:
        if epoch == 1:
            return None
        certain = predict(pool["weights"]).max(1).values.double().numpy()
        return {"weights": WeightedExamples(pool["weights"], certain)}

    found = acting(weigh_examples)

    def predict(indices: NDArray[np.int64]) -> torch.Tensor:
        return torch.eye(4)[torch.from_numpy(indices)]

    asked = {"pool": active, "active": active, "predict": predict}
    assert found.answers("weigh_examples", epoch=1, **asked) == []
    ((name, answer),) = found.answers("weigh_examples", epoch=2, **asked)
    assert name == "actor-0"
    assert set(answer) == {"weights"}
    np.testing.assert_array_equal(answer["weights"].weights, np.ones(4))


@pytest.mark.parametrize("keeps_files", [True, False])
def test_search_finished(tmp_path: Path, keeps_files: bool) -> None:
    def search_finished(cell: str, folder: Path | None) -> None:
        if folder is not None:
            (folder / "cell.txt").write_text(cell)

    hook = acting(search_finished).hook
    hook.search_finished(cell="|conv|", folder=tmp_path if keeps_files else None)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["|conv|"] * keeps_files


def test_prune_at_start() -> None:
    def prune_at_start(level: Level, active: NDArray[np.int64]) -> NDArray[np.int64] | None:
        return active[1:] if level == "weights" else None

    hook = acting(prune_at_start).hook
    active = np.arange(3, dtype=np.int64)
    assert [one.tolist() for one in hook.prune_at_start(level="weights", active=active)] == [[1, 2]]
    assert hook.prune_at_start(level="architecture", active=active) == []
