"""What a discrete search searches: space, benchmark, limits and predictor, from names."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from naslib_proxydata.config import EvolveConfig
from naslib_proxydata.errors import ConfigError, TableError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    checked_predictor,
    options_json,
    registered_name,
)
from naslib_proxydata.tables.base import BenchmarkTable


class Problem:
    """What is searched, and what for.

    Args:
        config: The configuration.
        plugins: Where names are looked up.

    Attributes:
        space: The search space.
        setup: Makes the predictor; None where the true value is the fitness.
        table: The benchmark; None where nothing is queried and none was named.
        column: Dataset and metric of it.
        domain: What may be proposed: what the limits allow, and the benchmark has a value for.

    Raises:
        ConfigError: A name is unknown, or nothing says what an architecture is worth.
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
        if config.queries > 0 or config.benchmark is not None:
            self.table = _table(config, plugins)
            dataset = config.dataset or next(iter(self.table.columns()))
            self.column = dataset, config.metric or self.table.default_metric(dataset)
            self.table.require(*self.column)
        self.domain = self._domain()
        if self.setup is not None:
            checked_predictor(self.setup)

    @property
    def ordinate(self) -> str:
        """What the history's values are."""
        if self.config.queries:
            return f"{self.column[1].replace('_', ' ')} ({self.column[0]})"
        assert self.setup is not None
        return f"score by {self.setup.predictor}"

    def measure(self, architecture: Any) -> float:
        """Return the true value of an architecture."""
        assert self.table is not None
        return self.table.query(self.space.text(architecture), *self.column)

    def looked_up(self, text: str) -> tuple[tuple[str, str, float], ...]:
        """Return dataset, metric and value of all that the table holds of an architecture."""
        if self.table is None:
            return ()
        found = [
            (dataset, metric, self.table.query(text, dataset, metric))
            for dataset, metrics in self.table.columns().items()
            for metric in metrics
        ]
        return tuple(one for one in found if math.isfinite(one[2]))

    def _domain(self) -> Domain[Any]:
        config, table = self.config, self.table
        conditions: list[Callable[[Any], bool]] = []
        wanted: list[str] = []
        listed: list[str] | None = None
        if table is not None:
            values, texts = table.values(*self.column), table.architectures()
            listed = [texts[int(row)] for row in np.flatnonzero(np.isfinite(values))]
            conditions.append(lambda one: _is_measured(table, values, self.space.text(one)))
            wanted.append(f"a value in {table.label}")
        if config.macs_low is not None or config.macs_high is not None:
            low, high = config.macs_low or 0.0, config.macs_high or math.inf
            conditions.append(lambda one: low <= domain.macs(one) <= high)
            wanted.append(f"{low:,.0f} to {high:,.0f} MACs")
        domain = Domain(
            self.space,
            allows=(lambda one: all(allows(one) for allows in conditions)) if conditions else None,
            listed=listed,
            macs=partial(
                self.space.macs,
                num_classes=config.macs_num_classes,
                image_size=config.macs_image_size,
            ),
            what=" and ".join(wanted),
        )
        return domain


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
    name = config.benchmark or fitting[0]
    table = plugins.create("benchmarks", name, root=config.data_root)
    if table.space != config.space:
        raise ConfigError(
            f"benchmark {name!r} holds architectures of {table.space!r}, not of "
            f"{config.space!r}, of which there are: {', '.join(fitting) or 'none'}"
        )
    return table
