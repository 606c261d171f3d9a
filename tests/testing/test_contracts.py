"""The contracts can fail: each of these objects breaks one rule and is caught."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import (
    ArchitectureError,
    ConfigError,
    PruningError,
    SearchError,
    SelectionError,
)
from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.hookspecs import Level, SearchInfo, hookimpl
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.first_order import Softmax
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.supernets.base import ChosenEdge, Supernet
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet
from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.testing import (
    BenchmarkContract,
    DatasetContract,
    ObserverContract,
    OptimizerContract,
    PredictorContract,
    PrunerContract,
    ScorerContract,
    SearchSpaceContract,
    SelectorContract,
    StrategyContract,
    SupernetContract,
)
from naslib_proxydata.testing.trial import Trial

Indices = NDArray[np.int64]

# What pytest calls a fixture's function, without the fixture around it.
task_for: Callable[..., ScoringTask] = PredictorContract.task.__wrapped__  # type: ignore[attr-defined]
context_for: Callable[..., ScoringContext] = ScorerContract.context.__wrapped__  # type: ignore[attr-defined]
inputs_for: Callable[..., SelectorInputs] = SelectorContract.inputs.__wrapped__  # type: ignore[attr-defined]


def caught(test: Callable[..., None], *arguments: Any, match: str = ".*") -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception), match=match):
        test(*arguments)


# ------------------------------------------------------------------------------- predictors


class OrderDependent(Predictor):
    name = "order-dependent"

    def __init__(self) -> None:
        self.calls = 0

    def evaluate(self, architecture: Any) -> float:
        self.calls += 1
        return float(self.calls)


class GloballyRandom(Predictor):
    name = "globally-random"

    def evaluate(self, architecture: Any) -> float:
        return float(torch.rand(()))


class WritesImages(Predictor):
    name = "writes-images"
    images_needed = 4

    def evaluate(self, architecture: Any) -> float:
        self.task.images.first(4).zero_()
        return 0.0


class Silent(Predictor):
    name = "silent"

    def evaluate(self, architecture: Any) -> Score:
        return Score(float("-inf"))


class Forgiving(Predictor):
    name = "forgiving"
    images_needed = 8

    def __init__(self, **options: Any) -> None:
        self.options = options

    def settings(self) -> dict[str, Any]:
        return {"made": str(id(object()))[-3:], "self": str(id(self))}

    def evaluate(self, architecture: Any) -> float:
        return float(len(self.task.images.pixels))


@pytest.mark.parametrize(
    ("factory", "test", "complaint"),
    [
        (OrderDependent, "test_scores_depend_on_seed_and_architecture_alone", ".*"),
        (OrderDependent, "test_equal_functions_score_alike", ".*"),
        (GloballyRandom, "test_scores_depend_on_seed_and_architecture_alone", "global random"),
        (WritesImages, "test_scores_depend_on_seed_and_architecture_alone", "written to"),
        (Silent, "test_scores_are_finite_or_have_a_reason", ".*"),
        (Silent, "test_another_seed_scores_as_well", ".*"),
        (Forgiving, "test_too_few_images_are_an_error", "DID NOT RAISE"),
    ],
)
def test_a_bad_predictor(factory: type[Predictor], test: str, complaint: str) -> None:
    contract = PredictorContract()
    caught(getattr(contract, test), factory, task_for(contract, factory), match=complaint)


def test_a_predictor_that_takes_any_option_or_has_unstable_settings() -> None:
    caught(PredictorContract().test_refuses_an_unknown_option, Forgiving)
    kept: list[Forgiving] = []

    def factory() -> Forgiving:
        kept.append(Forgiving())
        return kept[-1]

    caught(PredictorContract().test_settings_are_plain_data, factory)


def test_a_dead_cell_with_a_score() -> None:
    class Unaware(Predictor):
        name = "unaware"

        def evaluate(self, architecture: Any) -> float:
            return 1.0

        def score_one(self, architecture: Any) -> Score:
            return Score(1.0)

    contract = PredictorContract()
    caught(contract.test_no_signal_ranks_last, Unaware, task_for(contract, Unaware))


# -------------------------------------------------------------------------------- selectors


class Chooser(Selector):
    """A selector whose checks of the result are gone, to show those of the contract."""

    name = "chooser"

    def __init__(self, choice: Callable[..., Any]) -> None:
        self.choice = choice

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        return np.asarray(self.choice(inputs, size, generator), dtype=np.int64)

    def select(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        return np.sort(self.choose(inputs, size, generator))


def shuffled(inputs: SelectorInputs, size: int, generator: np.random.Generator) -> Any:
    return generator.permutation(inputs.count)[:size]


calls = iter(range(10**6))

BAD_CHOICES: list[tuple[Callable[..., Any], str]] = [
    (lambda inputs, size, _: np.zeros(size), "test_chooses_unique_examples_of_the_dataset"),
    (
        lambda inputs, size, _: inputs.count - np.arange(size),
        "test_chooses_unique_examples_of_the_dataset",
    ),
    (lambda inputs, size, _: np.arange(size - 1), "test_chooses_unique_examples_of_the_dataset"),
    (
        lambda inputs, size, _: np.random.default_rng(next(calls)).permutation(120)[:size],
        "test_is_stable_by_seed",
    ),
    (lambda inputs, size, _: np.arange(size), "test_a_random_selector_uses_its_generator"),
    (lambda inputs, size, _: np.arange(min(size, 60)), "test_choosing_all_gives_all"),
    (
        lambda inputs, size, _: np.arange(size) + int(inputs.scores is None),
        "test_needs_no_more_than_it_says",
    ),
]


@pytest.mark.parametrize(("choice", "test"), BAD_CHOICES)
def test_a_bad_selector(choice: Callable[..., Any], test: str) -> None:
    contract = SelectorContract()
    caught(getattr(contract, test), Chooser(choice), inputs_for(contract))


def test_a_selector_that_checks_nothing() -> None:
    contract = SelectorContract()
    caught(contract.test_refuses_more_than_there_are, Chooser(shuffled), inputs_for(contract), 1)

    class Needy(Chooser):
        needs = frozenset({"scores"})

    needy = Needy(shuffled)
    caught(contract.test_refuses_what_it_needs_and_lacks, needy, inputs_for(contract))
    caught(contract.test_refuses_nan_scores, needy, inputs_for(contract))


# ---------------------------------------------------------------------------------- scorers


class Formula(Scorer):
    """A scorer that is one function of the dataset."""

    name = "formula"

    def __init__(self, formula: Callable[[Dataset], Any] | None = None, **options: Any) -> None:
        self.formula = formula

    def compute(self, context: ScoringContext) -> Any:
        assert self.formula is not None
        return self.formula(context.dataset)


class SaysItNeedsLabels(Formula):
    needs_labels = True

    def check(self, context: ScoringContext) -> None:
        """Checks nothing."""


class Unstable(Formula):
    def settings(self) -> Mapping[str, Any]:
        return {"call": next(calls)}


def whitened(dataset: Dataset) -> Any:
    assert isinstance(dataset, ArrayDataset)
    dataset.images.zero_()
    return np.zeros(len(dataset))


def relabelled(dataset: Dataset) -> Any:
    labels = dataset.required_labels("a test")
    labels[:] = 0
    return labels


BAD_SCORERS: list[tuple[Scorer, str]] = [
    (Formula(lambda data: np.full(len(data), np.nan)), "test_gives_what_it_says"),
    (
        Formula(lambda data: torch.rand(len(data)).numpy()),
        "test_scores_depend_on_dataset_and_seed_alone",
    ),
    (
        Formula(lambda data: np.random.random(len(data))),  # noqa: NPY002
        "test_scores_depend_on_dataset_and_seed_alone",
    ),
    (
        Formula(lambda data: np.full(len(data), next(calls))),
        "test_what_is_stored_is_what_was_computed",
    ),
    (Formula(whitened), "test_leaves_the_dataset_alone"),
    (Formula(relabelled), "test_leaves_the_dataset_alone"),
    (SaysItNeedsLabels(relabelled), "test_unlabelled_data_are_scored_or_refused"),
    (Unstable(), "test_settings_are_plain_data"),
]


@pytest.mark.parametrize(("scorer", "test"), BAD_SCORERS)
def test_a_bad_scorer(scorer: Scorer, test: str, tmp_path: Path) -> None:
    contract = ScorerContract()
    caught(getattr(contract, test), scorer, context_for(contract, tmp_path))


def test_a_scorer_of_the_wrong_shape_or_with_any_option(tmp_path: Path) -> None:
    contract = ScorerContract()
    short = Formula(lambda data: np.zeros(len(data) - 1))
    with pytest.raises(SelectionError, match="must return an array of shape"):
        contract.test_gives_what_it_says(short, context_for(contract, tmp_path))
    caught(contract.test_refuses_an_unknown_option, short)


# --------------------------------------------------------------------------------- datasets


class Careless(Dataset):
    """Twenty images, each brighter than the one before, without any check."""

    name = "careless"

    def __init__(self) -> None:
        self.images = torch.arange(20, dtype=torch.uint8)[:, None, None, None].repeat(1, 1, 4, 4)
        self.labels = np.arange(20, dtype=np.int64) % 2

    def __len__(self) -> int:
        return len(self.images)

    def pixels(self, indices: NDArray[np.int64]) -> torch.Tensor:
        return self.images[torch.from_numpy(np.array(indices))]


def test_a_good_dataset_passes() -> None:
    contract = DatasetContract()
    for name in [name for name in dir(contract) if name.startswith("test_")]:
        if "positions" not in name:
            getattr(contract, name)(Careless())


def test_bad_datasets() -> None:
    class Nameless(Careless):
        name = ""

    class Floats(Careless):
        def pixels(self, indices: NDArray[np.int64]) -> torch.Tensor:
            return super().pixels(indices) / 255

    class Sorting(Careless):
        def pixels(self, indices: NDArray[np.int64]) -> torch.Tensor:
            return super().pixels(np.sort(indices))

    class Shifted(Careless):
        def __getitem__(self, index: int) -> tuple[torch.Tensor, int, int]:
            return (*super().__getitem__(index)[:2], index + 1)

    class Endless(Careless):
        def __getitem__(self, index: int) -> tuple[torch.Tensor, int, int]:
            return super().__getitem__(index % len(self))

    class FromOne(Careless):
        def __init__(self) -> None:
            super().__init__()
            self.labels = self.labels - 1

    class TwiceThere(Careless):
        source_index = np.zeros(20, np.int64)

    class Lending(Careless):
        def pixels(self, indices: NDArray[np.int64]) -> torch.Tensor:
            return self.images[indices[0] : indices[-1] + 1]

    class Noisy(Careless):
        def pixels(self, indices: NDArray[np.int64]) -> torch.Tensor:
            return super().pixels(indices) + torch.randint(0, 9, (1,), dtype=torch.uint8)

    contract = DatasetContract()
    contract.looked_at = 20
    for dataset, test in [
        (Nameless(), contract.test_has_a_name_and_examples),
        (Floats(), contract.test_images_are_bytes_of_one_shape),
        (Sorting(), contract.test_indices_may_come_in_any_order),
        (Shifted(), contract.test_an_item_is_image_label_and_index),
        (Endless(), contract.test_ends_where_it_says),
        (FromOne(), contract.test_labels_are_classes_counted_from_zero),
        (TwiceThere(), contract.test_positions_in_a_larger_dataset_are_its_own),
        (Lending(), contract.test_reading_is_repeatable),
        (Noisy(), contract.test_reading_is_repeatable),
    ]:
        caught(test, dataset)

    class Losing(Careless):
        statistics = ((math.nan,), (math.nan,))  # of its one channel

    caught(contract.test_loads_in_batches, Losing())


# ----------------------------------------------------------------------------------- tables


class Table(BenchmarkTable):
    name, label, space, source = "small", "Small", "nb201", "made here"

    def __init__(self, texts: list[str], values: list[float], shift: int = 0) -> None:
        self.texts, self.held, self.shift = texts, np.array(values), shift

    def __len__(self) -> int:
        return len(self.held)

    def architectures(self) -> list[str]:
        return self.texts

    def columns(self) -> dict[str, tuple[str, ...]]:
        return {"cifar10": ("validation_accuracy",)}

    def read(self, dataset: str, metric: str) -> NDArray[np.float64]:
        return self.held

    def position(self, architecture: str) -> int:
        return self.texts.index(architecture) - self.shift


def cells(count: int) -> list[str]:
    space = NasBench201()
    generator = np.random.default_rng(0)
    return [space.text(space.sample(generator)) for _ in range(count)]


@pytest.mark.parametrize(
    ("table", "test"),
    [
        (Table(cells(2), [60.0]), "test_has_a_text_for_every_row"),
        (Table(cells(1) * 2, [60.0, 61.0]), "test_has_a_text_for_every_row"),
        (Table(cells(2), [60.0, 61.0], shift=1), "test_finds_each_architecture"),
        (Table(cells(2), [np.nan, np.nan]), "test_every_column_has_values"),
        (Table(cells(2), [np.inf, 1.0]), "test_every_column_has_values"),
        (Table(cells(2), [0.6, 0.9]), "test_accuracies_are_in_percent"),
        (Table(cells(2), [60.0, 160.0]), "test_accuracies_are_in_percent"),
    ],
)
def test_a_bad_table(table: BenchmarkTable, test: str) -> None:
    caught(getattr(BenchmarkContract(), test), table)


def test_a_good_table_passes() -> None:
    contract, table = BenchmarkContract(), Table(cells(2), [60.0, 61.0])
    contract.test_finds_each_architecture(table)
    contract.test_every_column_has_values(table)
    contract.test_accuracies_are_in_percent(table)
    contract.test_architectures_belong_to_the_space(table, NasBench201())


# ------------------------------------------------------------------------------- optimizers


class Draws(Optimizer[Any]):
    """A good optimizer, which each bad one below changes in one thing."""

    name = "draws"

    def propose(self, fitness: Fitness) -> list[Any]:
        return [self.domain.sample(self.generator)]


class Silenced(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        return []


class Outside(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        return [self.domain.space.sample(self.generator) for _ in range(10)]


class Reseeded(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        return [self.domain.sample(np.random.default_rng())]


class Global(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        np.random.rand()  # noqa: NPY002
        return super().propose(fitness)


class Constant(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        return [self.domain.sample(np.random.default_rng(len(fitness)))]


class Remembering(Draws):
    met: int = 0

    def propose(self, fitness: Fitness) -> list[Any]:
        self.met += 1
        for _ in range(self.met):
            drawn = self.domain.sample(self.generator)
        return [drawn]


class TrustsItsStart(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        parent = max(self.start, key=lambda one: fitness[self.domain.key(one)], default=None)
        return [parent or self.domain.sample(self.generator)]


class Counting(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        assert all(np.isfinite(list(fitness.values()))), "the mean of the fitness is not finite"
        return super().propose(fitness)


class Insisting(Draws):
    def propose(self, fitness: Fitness) -> list[Any]:
        while True:
            drawn = self.domain.sample(self.generator)
            if self.domain.key(drawn) not in fitness:
                return [drawn]


class Inventing(Draws):
    def front(self, history: Any) -> Any:
        return [None]


class Careful(Draws):
    def __init__(self, **options: Any) -> None:
        self.options = options

    def settings(self) -> dict[str, Any]:
        return {"options": sorted(self.options)}


@pytest.mark.parametrize(
    ("factory", "test"),
    [
        (Silenced, "test_proposes_allowed_architectures"),
        (Outside, "test_proposes_allowed_architectures"),
        (Reseeded, "test_a_seed_gives_one_search"),
        (Global, "test_a_seed_gives_one_search"),
        (Constant, "test_a_seed_gives_one_search"),
        (Remembering, "test_begins_anew"),
        (Counting, "test_endures_failures"),
        (Insisting, "test_ends_where_nothing_is_left"),
        (Inventing, "test_the_front_is_of_the_history"),
        (Careful, "test_settings_make_an_equal_optimizer"),
        (Careful, "test_refuses_an_unknown_option"),
    ],
)
def test_a_bad_optimizer(factory: Callable[..., Optimizer[Any]], test: str) -> None:
    contract = OptimizerContract()
    contract.most_draws = 20_000
    more = (False,) if test == "test_proposes_allowed_architectures" else ()
    caught(getattr(contract, test), factory, *more)
    getattr(contract, test)(Draws, *more)


def test_an_optimizer_that_takes_its_start_for_evaluated() -> None:
    with pytest.raises(KeyError):
        OptimizerContract().test_needs_no_fitness_that_it_was_not_given(TrustsItsStart)


# ---------------------------------------------------------------------- pruners and observers


class Halves:
    """A good pruner, which each bad one below changes in one thing."""

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        if info.targets is None:
            raise PruningError("needs labels")
        self.seed = info.seed

    @hookimpl
    def prune_examples(self, level: Level, epoch: int, active: Indices) -> Any:
        return self.kept(level, epoch, active) if epoch in (2, 3) else None

    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        return active[: max(2, int(self.share * len(active)))]


class Idle(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        return active


class Adds(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        return np.append(active[:5], 119)


class Empties(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        return active[:1]


class Lottery(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        return np.random.default_rng().permutation(active)[:10]


class GlobalLottery(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        np.random.rand()  # noqa: NPY002
        return super().kept(level, epoch, active)


class Scribbles(Halves):
    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        kept = active[::2].copy()
        active[:] = 0
        return kept


class Remembers(Halves):
    calls = 0

    def kept(self, level: Level, epoch: int, active: Indices) -> Any:
        self.calls += 1
        return active[: len(active) - self.calls]


class Crashes(Halves):
    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        if info.targets is None:
            raise PruningError("something is wrong")


class TakesAll(Halves):
    def __init__(self, **options: Any) -> None:
        self.share = 0.5

    def settings(self) -> dict[str, Any]:
        return {"self": np.zeros(1)}


@pytest.mark.parametrize(
    ("factory", "test"),
    [
        (Idle, "test_decides_about_examples"),
        (Adds, "test_keeps_a_part_of_what_it_is_given"),
        (Empties, "test_keeps_a_part_of_what_it_is_given"),
        (Lottery, "test_a_seed_gives_one_choice"),
        (GlobalLottery, "test_a_seed_gives_one_choice"),
        (Scribbles, "test_leaves_its_inputs_alone"),
        (Remembers, "test_begins_anew"),
        (TakesAll, "test_refuses_an_unknown_option"),
        (Crashes, "test_unlabelled_data_are_taken_or_refused"),
    ],
)
def test_a_bad_pruner(factory: Callable[..., object], test: str) -> None:
    contract = PrunerContract()
    if test == "test_keeps_a_part_of_what_it_is_given" and factory is Adds:
        with pytest.raises(PruningError, match="not in use"):
            Trial(Adds()).run(1, 2)
    caught(getattr(contract, test), factory)
    getattr(contract, test)(Halves)


def test_a_pruner_that_loses_its_memory(tmp_path: Path) -> None:
    class Counts(Halves):
        def __init__(self) -> None:
            super().__init__()
            self.batches = 0

        @hookimpl
        def batch_finished(self) -> None:
            self.batches += 1

        def kept(self, level: Level, epoch: int, active: Indices) -> Any:
            return active[: len(active) - self.batches]

    class Keeps(Counts):
        def state_dict(self) -> dict[str, Any]:
            return {"batches": self.batches}

        def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
            self.batches = state["batches"]

    contract = PrunerContract()
    caught(contract.test_goes_on_from_a_checkpoint, Counts, tmp_path / "a")
    contract.test_goes_on_from_a_checkpoint(Keeps, tmp_path)


def test_a_pruner_whose_settings_are_no_plain_data() -> None:
    with pytest.raises(TypeError):
        PrunerContract().test_settings_are_plain_data(TakesAll)


class Looks:
    """A good observer, which each bad one below changes in one thing."""

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        self.info = info

    @hookimpl
    def batch_finished(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        return self.seen(indices, probabilities)

    @hookimpl
    def search_finished(self) -> None:
        del self.info

    def seen(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        return None


class Answers(Looks):
    def seen(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        return indices


class WritesIndices(Looks):
    def seen(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        indices.sort()
        indices[0] = 0


class WritesOutputs(Looks):
    def seen(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        probabilities.zero_()


class DrawsGlobally(Looks):
    def seen(self, indices: Indices, probabilities: torch.Tensor) -> Any:
        torch.rand(1)


class OnlyOnce(Looks):
    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        assert not hasattr(self, "used"), "used before"
        self.used = self.info = info


class Blank:
    pass


class Takes(Looks):
    def __init__(self, **options: Any) -> None:
        self.options = options


@pytest.mark.parametrize(
    ("factory", "test"),
    [
        (Blank, "test_looks_at_something"),
        (Halves, "test_only_looks"),
        (Answers, "test_only_looks"),
        (WritesIndices, "test_only_looks"),
        (WritesOutputs, "test_only_looks"),
        (DrawsGlobally, "test_draws_nothing_from_global_generators"),
        (OnlyOnce, "test_looks_at_a_second_search"),
        (Takes, "test_refuses_an_unknown_option"),
    ],
)
def test_a_bad_observer(factory: Callable[..., object], test: str, tmp_path: Path) -> None:
    needs_folder = test not in ("test_looks_at_something", "test_refuses_an_unknown_option")
    more = (tmp_path,) if needs_folder else ()
    caught(getattr(ObserverContract(), test), factory, *more)
    (tmp_path / "good").mkdir()
    getattr(ObserverContract(), test)(Looks, *([tmp_path / "good"] if needs_folder else []))


# ----------------------------------------------------------------------- supernets, strategies


class Good(NasBench201Supernet):
    """The smallest cell, which each bad supernet below changes in one thing."""


class BackwardEdges(Good):
    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        (choices,) = self.choices.values()
        edges = ((1, 0), *choices.edges[1:])
        self.choices = {"cell": Choices(edges, choices.operations)}


class TenClasses(Good):
    def __init__(self, num_classes: int = 10, **sizes: int) -> None:
        super().__init__(**sizes)


class Stubborn(Good):
    def derive(self, strengths: Any) -> str:
        return super().derive({"cell": np.eye(5)[[0, 1, 2, 3, 4, 0]]})


class Illegible(Good):
    def derive(self, strengths: Any) -> str:
        return super().derive(strengths) + "!"


class ChoosesOthers(Good):
    def chosen(self, strengths: Any) -> dict[str, list[ChosenEdge]]:
        (edges,) = super().chosen(strengths).values()
        return {"cell": [edge._replace(operation="conv_7x7") for edge in edges]}


class LeftOut(Good):
    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.forgotten = torch.nn.Linear(2, 2)


class Deaf(Good):
    def forward(self, images: torch.Tensor, mixtures: Any) -> torch.Tensor:
        fixed = {kind: replace(one, weights=torch.ones(6, 5)) for kind, one in mixtures.items()}
        return super().forward(images, fixed)


class DrawsNoise(Good):
    def forward(self, images: torch.Tensor, mixtures: Any) -> torch.Tensor:
        return super().forward(images, mixtures) + torch.rand(1)


class RunsAll(Good):
    def forward(self, images: torch.Tensor, mixtures: Any) -> torch.Tensor:
        logits = super().forward(images, mixtures)
        runs = all(len(one.active[0]) == 5 for one in mixtures.values())
        return logits if runs else logits / 0


class PartialIsIgnored(Good):
    def __init__(self, partial: int = 1, **sizes: int) -> None:
        if partial != 1:
            raise SearchError("no")
        super().__init__(**sizes)


@pytest.mark.parametrize(
    ("factory", "test"),
    [
        (BackwardEdges, "test_choices_are_whole"),
        (TenClasses, "test_maps_images_to_logits"),
        (Stubborn, "test_the_architecture_follows_the_strengths"),
        (LeftOut, "test_gradients_reach_weights_and_mixtures"),
        (Deaf, "test_gradients_reach_weights_and_mixtures"),
        (DrawsNoise, "test_weights_follow_the_generator_alone"),
        (RunsAll, "test_runs_one_candidate_of_each_edge"),
        (PartialIsIgnored, "test_has_partial_channels_or_says_so"),
    ],
)
def test_a_bad_supernet(factory: Callable[..., Supernet], test: str) -> None:
    caught(getattr(SupernetContract(), test), factory)
    getattr(SupernetContract(), test)(Good)


def test_a_supernet_that_does_not_fit_its_space() -> None:
    contract = SupernetContract()
    chosen = contract.test_what_is_chosen_is_among_the_choices
    caught(chosen, ChoosesOthers, match="edge 0 has no conv_7x7")
    with pytest.raises(ArchitectureError):
        contract.test_the_space_reads_the_architecture(Illegible, NasBench201())
    chosen(Good)
    contract.test_the_space_reads_the_architecture(Good, NasBench201())


class Doubled(Softmax):
    def mix(self, alpha: torch.Tensor, allowed: torch.Tensor, moment: Moment) -> Mixture:
        mixture = super().mix(alpha, allowed, moment)
        return replace(mixture, weights=2 * mixture.weights)


class Unmasked(Softmax):
    def mix(self, alpha: torch.Tensor, allowed: torch.Tensor, moment: Moment) -> Mixture:
        return Mixture(alpha.softmax(-1))


class Signed(Softmax):
    def strengths(self, alpha: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        return alpha - alpha.max() - 1


class Globally(Softmax):
    def mix(self, alpha: torch.Tensor, allowed: torch.Tensor, moment: Moment) -> Mixture:
        return super().mix(alpha + torch.rand(alpha.shape), allowed, moment)


class Explodes(Softmax):
    def mix(self, alpha: torch.Tensor, allowed: torch.Tensor, moment: Moment) -> Mixture:
        return super().mix(alpha / 0, allowed, moment)


@pytest.mark.parametrize(
    ("relaxation", "test"),
    [
        (Doubled, "test_mixtures_are_weights_of_candidates"),
        (Unmasked, "test_what_is_forbidden_gets_nothing"),
        (Signed, "test_strengths_are_numbers_to_derive_from"),
        (Globally, "test_draws_come_from_the_moment"),
    ],
)
def test_a_bad_strategy(relaxation: type[Softmax], test: str) -> None:
    def made(relaxation: type[Softmax]) -> Callable[[], Strategy]:
        return lambda: Strategy("bad", relaxation=relaxation())

    caught(getattr(StrategyContract(), test), made(relaxation))
    getattr(StrategyContract(), test)(made(Softmax))


def test_a_strategy_whose_search_fails_or_that_takes_any_option() -> None:
    contract = StrategyContract()
    with pytest.raises(SearchError, match="loss is nan"):
        contract.test_a_search_ends_with_a_cell(lambda: Strategy("bad", relaxation=Explodes()))
    with pytest.raises(ConfigError, match="weights_lr"):
        contract.test_a_search_ends_with_a_cell(lambda: Strategy("bad", settings={"weigths_lr": 1}))
    caught(contract.test_refuses_an_unknown_option, lambda **_: Strategy("bad"))


# ----------------------------------------------------------------------------------- spaces


def test_bad_spaces() -> None:
    class Small(NasBench201):
        def __init__(self) -> None:
            super().__init__(channels=4, cells_per_stage=1)

    class Miscounting(Small):
        def params(self, architecture: Any, *, num_classes: int = 10) -> int:
            return super().params(architecture, num_classes=10)

    class Costly(Small):
        def macs(self, *arguments: Any, **options: Any) -> int:
            return 2 * super().macs(*arguments, **options)

    class Reseeding(Small):
        def network(self, architecture: Any, generator: torch.Generator, **options: Any) -> Any:
            torch.rand(1)
            return super().network(architecture, generator, **options)

    class Itself(Small):
        def neighbours(self, architecture: Any) -> list[Any]:
            return [architecture, *super().neighbours(architecture)]

    class Careless(Small):
        def parse(self, text: str) -> Any:
            return super().parse(text.rstrip("?!"))

    class Splitting(Small):
        def hash(self, architecture: Any) -> str:
            return self.text(architecture).encode().hex()

    class Blind(Small):
        def carries_signal(self, architecture: Any) -> bool:
            return False

    class Forgetful(Small):
        def sample(self, generator: np.random.Generator) -> Any:
            return super().sample(np.random.default_rng(0))

    class Misnaming(Small):
        def subsets(self) -> Any:
            return {"All of it": super().subsets()["clean"]}

    contract = SearchSpaceContract()
    for space, test in [
        (Misnaming(), contract.test_names_its_subsets),
        (Miscounting(), contract.test_network_computes_what_it_counts),
        (Costly(), contract.test_network_computes_what_it_counts),
        (Reseeding(), contract.test_weights_follow_the_generator_alone),
        (Itself(), contract.test_neighbours_are_others),
        (Splitting(), contract.test_canonical_form_is_a_representative),
        (Blind(), contract.test_output_depends_on_the_input_as_said),
        (Forgetful(), contract.test_sampling_follows_the_generator),
    ]:
        caught(test, space)
        test(Small())
    with pytest.raises(pytest.fail.Exception):
        contract.test_refuses_a_text_with_a_tail(Careless())


def test_contracts_want_their_fixture() -> None:
    for contract, fixture in [
        (PredictorContract, "factory"),
        (SelectorContract, "selector"),
        (ScorerContract, "scorer"),
        (DatasetContract, "dataset"),
        (BenchmarkContract, "table"),
        (SearchSpaceContract, "space"),
        (OptimizerContract, "factory"),
        (PrunerContract, "factory"),
        (ObserverContract, "factory"),
        (SupernetContract, "factory"),
        (StrategyContract, "factory"),
    ]:
        function = getattr(contract, fixture).__wrapped__
        with pytest.raises(NotImplementedError, match=fixture):
            function(contract())


def test_the_task_holds_as_many_images_as_are_needed() -> None:
    task = task_for(PredictorContract(), WritesImages)
    assert len(task.images.pixels) == WritesImages.images_needed
