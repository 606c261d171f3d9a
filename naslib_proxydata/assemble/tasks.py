"""Which datasets of which benchmarks a leaderboard ranks, and which architectures it draws."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from naslib_proxydata import ranking
from naslib_proxydata.assemble.tables import rows_of
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.errors import ConfigError, TableAbsentError, TableError, unknown_name
from naslib_proxydata.leaderboard.published import published_tasks
from naslib_proxydata.leaderboard.report import Absent, grouped
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.base import LOWER_IS_BETTER
from naslib_proxydata.tables.sources import (
    check_turned,
    open_table,
    own_path,
    published_datasets,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.hookspecs import BenchmarkRegistration
    from naslib_proxydata.tables.base import BenchmarkTable

SUITES = ("all", "paper")
"""Suites by name."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """The datasets of one benchmark that are to be ranked.

    Attributes:
        table: The benchmark's table.
        columns: Dataset and metric of each.
        inside: For each row of the table whether its architecture counts, shape (n,).
        family: Name of the group of benchmarks whose tasks are averaged together.
        caveat: Why its rankings say little of predictors, empty where they do not.
    """

    table: BenchmarkTable
    columns: tuple[tuple[str, str], ...]
    inside: NDArray[np.bool_]
    family: str = ""
    caveat: str = ""

    @property
    def name(self) -> str:
        """Name of the benchmark."""
        return self.table.name

    @property
    def turned(self) -> tuple[str, ...]:
        """Datasets of the table that were turned round, so that higher is better."""
        columns = self.table.columns().items()
        return tuple(dataset for dataset, metrics in columns if LOWER_IS_BETTER in metrics)

    def texts(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the architectures in some rows of the table."""
        architectures = self.table.architectures()
        return [architectures[int(row)] for row in rows]

    def values(self, dataset: str, metric: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the measured values in some rows, shape (len(rows),), nan where there is none."""
        return self.table.values(dataset, metric)[rows]

    def noise_ceiling(self, dataset: str, metric: str, rows: NDArray[np.int64]) -> float:
        """Return the noise ceiling of some rows, nan where the table knows means only."""
        trials = self.table.trials(dataset, metric)
        return math.nan if trials is None else ranking.noise_ceiling(trials[rows])

    def draw(self, n: int | Literal["all"], seed: int) -> NDArray[np.int64]:
        """Return the rows of ``n`` random architectures that have a measured value.

        The architectures that count and have a value in at least one of the columns are shuffled
        and the first n taken, so that a larger n holds every smaller one of the same seed.
        ``"all"`` keeps the table's order.
        """
        values = np.stack([self.table.values(*column) for column in self.columns])
        candidates = np.flatnonzero(np.isfinite(values).any(axis=0) & self.inside)
        if n == "all":
            return candidates
        if n > len(candidates):
            logger.warning(
                "%s has a value for %d architectures; all are taken instead of %d",
                self.table.source,
                len(candidates),
                n,
            )
        generator = numpy_generator(seed, "architectures", self.table.name)
        return generator.permutation(candidates)[:n]


def find_tasks(config: LeaderboardConfig, plugins: Plugins) -> tuple[list[Task], list[Absent]]:
    """Open the tables that were asked for.

    Returns:
        What is there, a task per benchmark; and, for a suite, what is not.

    Raises:
        TableError: A table is damaged or absent, and is not part of a suite.
        ConfigError: A benchmark or dataset is unknown.
    """
    if not config.suite:
        sources = tuple(dict.fromkeys(config.benchmark))  # one that is named twice is ranked once
        tables = [_open(plugins, source, config) for source in sources]
        _check_names(tables)
        check_turned(config.lower_is_better or (), tables)
        found = []
        for source, table in zip(sources, tables, strict=True):
            datasets = tuple(dict.fromkeys(config.dataset)) or (
                table.default_dataset(published_datasets(source, plugins)),
            )
            found.append(_task(table, datasets, config, plugins, _registered(source, plugins)))
        return found, []
    check_turned(config.lower_is_better or (), ())
    tasks, absent = [], []
    for name, datasets in _suite(config, plugins).items():
        registration = plugins.benchmark(name)
        missing = partial(Absent, name, family=registration.family or name)
        try:
            table = _open(plugins, name, config)
        except TableAbsentError as error:
            reason = registration.how_to_get or str(error)
            absent += [missing(dataset, reason) for dataset in datasets]
            continue
        except TableError as error:
            logger.warning("benchmark %s is left out: %s", name, error)
            absent += [missing(dataset, str(error)) for dataset in datasets]
            continue
        held = []
        for dataset in datasets:
            lacking = _lacking(table, dataset, config.metric)
            if lacking:
                absent.append(missing(dataset, f"{lacking}; {registration.how_to_get}"))
            else:
                held.append(dataset)
        if not held:
            continue
        try:
            tasks.append(_task(table, tuple(held), config, plugins, registration))
        except ConfigError as error:  # its space has no such subset
            absent += [missing(dataset, str(error)) for dataset in held]
    if not tasks:
        reasons = "; ".join(f"{gap.family}, {gap.listed}: {gap.reason}" for gap in grouped(absent))
        raise TableAbsentError(f"nothing of the suite is there. {reasons}")
    return tasks, absent


def _open(plugins: Plugins, name: str, config: LeaderboardConfig) -> BenchmarkTable:
    return open_table(
        name,
        plugins,
        root=config.data_root,
        space=config.space,
        lower_is_better=config.lower_is_better or (),
    )


def _check_names(tables: Sequence[BenchmarkTable]) -> None:
    """Refuse two tables of one name, whose rows could not be told apart."""
    sources: dict[str, str] = {}
    for table in tables:
        if table.name in sources:
            raise ConfigError(
                f"two benchmarks are called {table.name!r}: {sources[table.name]} and "
                f"{table.source}; rename one of the two files"
            )
        sources[table.name] = table.source


def _task(
    table: BenchmarkTable,
    datasets: tuple[str, ...],
    config: LeaderboardConfig,
    plugins: Plugins,
    registration: BenchmarkRegistration | None,
) -> Task:
    """Choose metrics, and check at once that the table has every column."""
    columns = []
    for dataset in datasets:
        column = (dataset, config.metric or table.default_metric(dataset))
        table.values(*column)
        columns.append(column)
    inside = rows_of(table, plugins.create("spaces", table.space), config.subset)
    family, caveat = (registration.family, registration.caveat) if registration else ("", "")
    return Task(table, tuple(columns), inside, family or table.name, caveat)


def _registered(source: str, plugins: Plugins) -> BenchmarkRegistration | None:
    """Return how a published benchmark is registered, None for a table of the user's own."""
    return None if own_path(source) is not None else plugins.benchmark(source)


def _lacking(table: BenchmarkTable, dataset: str, metric: str | None) -> str:
    """Return what of a column the table does not hold, empty where it is there."""
    metrics = table.columns().get(dataset)
    if metrics is None:
        return f"{table.source} does not hold it"
    if metric is not None and metric not in metrics:
        return f"{table.source} has no {metric} of it, only {', '.join(metrics)}"
    return ""


def _suite(config: LeaderboardConfig, plugins: Plugins) -> dict[str, tuple[str, ...]]:
    """Return the datasets by benchmark that the suite's items stand for."""
    chosen: dict[str, tuple[str, ...]] = {}
    for item in _items(config, plugins):
        if own_path(item) is not None:
            raise ConfigError(f"a suite is of published benchmarks; give {item!r} as a benchmark")
        name, _, dataset = item.partition(":")
        known = _known(name, plugins).datasets
        if dataset and dataset not in known:
            raise ConfigError(unknown_name("dataset", dataset, known, f"benchmark {name!r}"))
        added = (dataset,) if dataset else known
        chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), *added)))
    return chosen


def _known(name: str, plugins: Plugins) -> BenchmarkRegistration:
    """Return how a benchmark is registered; of an unknown one, suites may be meant as well."""
    try:
        return plugins.benchmark(name)
    except ConfigError:
        known = (*SUITES, *plugins.names("benchmarks"))
        raise ConfigError(unknown_name("benchmark", name, known, "the suite")) from None


def _items(config: LeaderboardConfig, plugins: Plugins) -> Iterator[str]:
    """Yield ``benchmark`` or ``benchmark:task`` of every item, the suites by name taken apart."""
    for item in config.suite:
        if item == "all":
            names = plugins.names("benchmarks")
            yield from (name for name in names if not plugins.benchmark(name).caveat)
        elif item == "paper":
            yield from (f"{benchmark}:{dataset}" for benchmark, dataset in published_tasks())
        else:
            yield item
