"""What a discrete search searches, and by what: made from names before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from naslib_proxydata.assemble.tables import member
from naslib_proxydata.assemble.trained_values import METRIC, check_queries, sized
from naslib_proxydata.config import EvolveConfig
from naslib_proxydata.config.tables import ALL
from naslib_proxydata.config.train import QueryFields
from naslib_proxydata.errors import ConfigError, TableError
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import LearningPredictor, Predictor
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    checked_predictor,
    options_json,
    registered_name,
    with_sources,
)
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.base import BenchmarkTable, in_own_unit
from naslib_proxydata.tables.label_file import read_labels
from naslib_proxydata.tables.sources import check_turned, open_table, written

MOST_LABELS = 20
"""Queries spent on random labels where the user leaves that open; at most a third of all."""


class Problem:
    """What is searched, what for, and by what; all that can be wrong with it is told at once.

    Args:
        config: The configuration.
        plugins: Where names are looked up.

    Attributes:
        space: The search space.
        setup: Makes the predictor; None where the true value is the fitness.
        table: The benchmark; None where nothing is queried and none was named.
        column: Dataset and metric of it.
        domain: What may be proposed: what the limits allow, and the benchmark has a value for.
        optimizer: Proposes.
        predictor: Prepared; None where the true value is the fitness.
        given: The labelled architectures of the user's file, with their accuracies.
        labels: Queries of random architectures that the predictor learns from first.

    Raises:
        ConfigError: A name or an option is unknown, nothing says what an architecture is worth,
            or the predictor cannot learn from what is there.
        DatasetError: The predictor needs more images than there are.
        LabelError: The user's labels cannot be learnt from.
        SearchError: Nothing lies within the limits.
        TableError: The benchmark cannot be read, or lacks the dataset or metric.
        DatasetError: There are fewer images than the predictor needs.
    """

    def __init__(self, config: EvolveConfig, plugins: Plugins) -> None:
        self.config = config
        self.space = plugins.create("spaces", config.space)
        self.setup = _setup(config, plugins)
        if self.setup is None and config.queries == 0:
            raise ConfigError(
                "nothing says what an architecture is worth: name a --predictor, or give "
                "--queries for a true value as the fitness"
            )
        self.table: BenchmarkTable | None = None
        self.column = ("", "")
        if self.trains:
            self.space = sized(self.space, config)
            self.column = (config.train or QueryFields()).dataset, METRIC
        elif config.queries > 0 or config.benchmark is not None:
            self.table = _table(config, plugins)
            dataset = config.dataset or self.table.default_dataset()
            self.column = dataset, config.metric or self.table.default_metric(dataset)
            self.table.require(*self.column)
        check_turned(config.lower_is_better or (), () if self.table is None else (self.table,))
        self.domain = self._domain()
        self.optimizer: Optimizer[Any] = plugins.create(
            "optimizers", config.optimizer.name, **config.optimizer.options
        )
        limits = (config.cells, config.macs_low, config.macs_high)
        if any(limit is not None for limit in limits):
            self.domain.sample(numpy_generator(config.seed, "evolve", "limits"))
        if self.setup is not None:
            self.setup = self._with_sources(self.setup)
            checked_predictor(self.setup)
        self.predictor: Predictor[Any] | None = None if self.setup is None else self.setup()
        if self.predictor is not None and not self.trains:
            self.predictor.set_target(self.column[0])
        if config.acquisition is not None:
            self._require_learning("acquisition")
            self._require_uncertainty()
        self.given = self._given()
        self.labels = self._labels()
        if self.trains:
            generator = numpy_generator(config.seed, "evolve", "training")
            check_queries(config, self.space, self.domain.sample(generator))

    @property
    def trains(self) -> bool:
        """Whether what is queried is trained, not looked up."""
        return self.config.true == "train"

    @property
    def fitness_label(self) -> str:
        """What the history's values are."""
        if self.config.queries:
            dataset, metric = self.column
            return f"{metric.replace('_', ' ')} ({dataset})"
        assert self.setup is not None
        return f"score by {self.setup.predictor}"

    @property
    def learns(self) -> bool:
        """Whether the predictor learns from labels."""
        return self.predictor is not None and PredictedFitness(self.predictor, _unscored).learns

    def begin(self, round_number: int, start: Sequence[Any] = ()) -> Optimizer[Any]:
        """Return the optimizer, begun anew for a round."""
        words = ("search", self.optimizer.name, round_number)
        generator = numpy_generator(self.config.seed, *words)
        # Random draws may be trained together; evolution waits for each, as it was published.
        together = self.trains and isinstance(self.optimizer, RandomSearch)
        batched = self.setup is not None or together
        self.optimizer.begin(self.domain, generator, start, batched=batched)
        return self.optimizer

    def measure(self, architecture: Any) -> float:
        """Return the true value of an architecture."""
        assert self.table is not None
        return self.table.query(self.space.text(architecture), *self.column)

    def reported(self, history: Sequence[Query]) -> list[Query]:
        """Return queries with their values in their own unit, as they were measured."""
        if not self.config.queries:
            return list(history)
        metric = self.column[1]
        return [
            replace(
                query,
                value=in_own_unit(metric, query.value),
                best=in_own_unit(metric, query.best),
            )
            for query in history
        ]

    def looked_up(self, text: str) -> tuple[tuple[str, str, float], ...]:
        """Return dataset, metric and value of all that the table holds of an architecture.

        Values are in their own unit, as they were measured.
        """
        if self.table is None:
            return ()
        values = [
            (dataset, metric, in_own_unit(metric, self.table.query(text, dataset, metric)))
            for dataset, metrics in self.table.columns().items()
            for metric in metrics
        ]
        return tuple(known for known in values if math.isfinite(known[2]))

    def _with_sources(self, setup: PredictorSetup) -> PredictorSetup:
        """Return the setup with the benchmark, for a predictor that knows other tasks of it."""
        config, table = self.config, self.table
        if table is None:
            return with_sources(setup, (), config.data_root)
        turned = config.lower_is_better or ()
        return with_sources(setup, (written(table),), config.data_root, turned)

    def _domain(self) -> Domain[Any]:
        config, table = self.config, self.table
        conditions: list[Callable[[Any], bool]] = []
        asked: list[str] = []
        listed: list[str] | None = None
        if table is not None:
            values, texts = table.values(*self.column), table.architectures()
            listed = [texts[int(row)] for row in np.flatnonzero(np.isfinite(values))]
            conditions.append(lambda arch: _is_measured(table, values, self.space.text(arch)))
            asked.append(f"a value in {table.label}")
        if config.subset != ALL:
            holds = member(self.space, config.subset)
            conditions.append(holds)
            asked.append(f"a place among the {config.subset!r} cells")
            if listed is not None:
                listed = [text for text in listed if holds(self.space.parse(text))]
        if config.macs_low is not None or config.macs_high is not None:
            low, high = config.macs_low or 0.0, config.macs_high or math.inf
            conditions.append(lambda arch: low <= domain.macs(arch) <= high)
            asked.append(f"{low:,.0f} to {high:,.0f} MACs")
        domain = Domain(
            self.space,
            allows=(lambda arch: all(allows(arch) for allows in conditions))
            if conditions
            else None,
            listed=listed,
            macs=partial(
                self.space.macs,
                num_classes=config.macs_num_classes,
                image_size=config.macs_image_size,
            ),
            condition=" and ".join(asked),
        )
        return domain

    def _given(self) -> tuple[tuple[Any, float], ...]:
        file = self.config.label_table
        if file is None:
            return ()
        self._require_learning("label_table")
        labels = read_labels(file, self.space, fewest=FEWEST_LABELS)
        return tuple(zip(labels.architectures, labels.accuracies, strict=True))

    def _labels(self) -> int:
        """Return how many random labels are queried: as the user says, or a third of all."""
        queries, labels = self.config.queries, self.config.labels
        if labels:
            self._require_learning("labels")
        if labels is not None or self.given or not self.learns or not queries:
            return labels or 0
        if queries <= FEWEST_LABELS:
            assert self.setup is not None
            raise ConfigError(
                f"queries: predictor {self.setup.predictor!r} first learns from "
                f"{FEWEST_LABELS} random ones, so that there must be more, got {queries}; give "
                "more, or a --label-table"
            )
        return min(MOST_LABELS, max(FEWEST_LABELS, queries // 3))

    def _require_learning(self, key: str) -> None:
        if not self.learns:
            assert self.setup is not None  # as the configuration has checked
            raise ConfigError(
                f"{key}: predictor {self.setup.predictor!r} does not learn from labels; name one "
                "that does, such as few-label-structure"
            )

    def _require_uncertainty(self) -> None:
        sure = isinstance(self.predictor, LearningPredictor) and self.predictor.knows_uncertainty
        if not sure:
            assert self.setup is not None
            raise ConfigError(
                f"acquisition: predictor {self.setup.predictor!r}, with its options, says nothing "
                "of how sure it is; name one that does, such as few-label-structure with "
                "gaussian_process among its models, or leave the acquisition out"
            )


def _unscored(architectures: Sequence[Any]) -> Sequence[Any]:
    raise NotImplementedError("nothing is scored to find out whether a predictor learns")


def _is_measured(table: BenchmarkTable, values: Any, text: str) -> bool:
    try:
        return bool(np.isfinite(values[table.position(text)]))
    except TableError:
        return False


def _setup(config: EvolveConfig, plugins: Plugins) -> PredictorSetup | None:
    """Return what makes the predictor, or None where none is named."""
    chosen = config.predictor
    if chosen is None:
        return None
    return PredictorSetup(
        plugin_files=config.plugin,
        no_plugin=config.no_plugin,
        space=config.space,
        predictor=registered_name(plugins, chosen.name, {}),
        options=options_json(chosen.name, chosen.options),
        images=config.images,
        image_size=config.image_size,
        seed=config.seed,
        device=config.device,
        num_classes=config.num_classes,
        threads=config.threads,
    )


def _table(config: EvolveConfig, plugins: Plugins) -> BenchmarkTable:
    """Open the benchmark that is named, or the first one of the space."""
    fitting = [
        name
        for name in plugins.names("benchmarks")
        if plugins.benchmark(name).space == config.space
    ]
    if config.benchmark is None and not fitting:
        raise ConfigError(
            f"no benchmark of space {config.space!r} is registered, so nothing can be queried; "
            "search with a --predictor and without --queries"
        )
    return open_table(
        config.benchmark or fitting[0],
        plugins,
        root=config.data_root,
        space=config.space,
        lower_is_better=config.lower_is_better or (),
    )
