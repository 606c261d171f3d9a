"""Which datasets of which benchmarks a leaderboard ranks, and which architectures it draws."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from naslib_proxydata import ranking
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.errors import ConfigError, TableAbsentError, TableError, unknown_name
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.tables.base import BenchmarkTable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """The datasets of one benchmark that are to be ranked.

    Attributes:
        table: The benchmark's table.
        columns: Dataset and metric of each.
    """

    table: BenchmarkTable
    columns: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Name of the benchmark."""
        return self.table.name

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

        The architectures with a value in at least one of the columns are shuffled and the
        first n taken, so that a larger n holds every smaller one of the same seed. ``"all"``
        keeps the table's order.
        """
        values = np.stack([self.table.values(*column) for column in self.columns])
        candidates = np.flatnonzero(np.isfinite(values).any(axis=0))
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
        found = []
        for name in config.benchmark:
            table = _open(plugins, name, config)
            columns = table.columns()
            known = (*plugins.benchmark(name).datasets, *columns)
            first = [dataset for dataset in known if dataset in columns][:1]
            found.append(_task(table, config.dataset or tuple(first), config.metric))
        return found, []
    tasks, absent = [], []
    for name, datasets in _suite(config, plugins).items():
        registration = plugins.benchmark(name)
        try:
            table = _open(plugins, name, config)
        except TableAbsentError as error:
            reason = registration.how_to_get or str(error)
            absent += [Absent(name, dataset, reason) for dataset in datasets]
            continue
        except TableError as error:
            logger.warning("benchmark %s is left out: %s", name, error)
            absent += [Absent(name, dataset, str(error)) for dataset in datasets]
            continue
        held = []
        for dataset in datasets:
            lacking = _lacking(table, dataset, config.metric)
            if lacking:
                absent.append(Absent(name, dataset, f"{lacking} {registration.how_to_get}"))
            else:
                held.append(dataset)
        if held:
            tasks.append(_task(table, tuple(held), config.metric))
    if not tasks:
        reasons = "; ".join(dict.fromkeys(f"{gap.benchmark}: {gap.reason}" for gap in absent))
        raise TableAbsentError(f"nothing of the suite is there. {reasons}")
    return tasks, absent


def _open(plugins: Plugins, name: str, config: LeaderboardConfig) -> BenchmarkTable:
    return plugins.create("benchmarks", name, root=config.data_root)


def _task(table: BenchmarkTable, datasets: tuple[str, ...], metric: str | None) -> Task:
    """Choose metrics, and check at once that the table has every column."""
    columns = []
    for dataset in datasets:
        column = (dataset, metric or table.default_metric(dataset))
        table.values(*column)
        columns.append(column)
    return Task(table, tuple(columns))


def _lacking(table: BenchmarkTable, dataset: str, metric: str | None) -> str:
    """Return what of a column the table does not hold, empty where it is there."""
    metrics = table.columns().get(dataset)
    if metrics is None:
        return f"{table.source} holds no {dataset}."
    if metric is not None and metric not in metrics:
        return f"{table.source} has no {metric} of it, only {', '.join(metrics)}."
    return ""


def _suite(config: LeaderboardConfig, plugins: Plugins) -> dict[str, tuple[str, ...]]:
    """Return the datasets by benchmark that the suite's items stand for."""
    chosen: dict[str, tuple[str, ...]] = {}
    for item in _items(config, plugins):
        name, _, dataset = item.partition(":")
        registration = plugins.benchmark(name)
        known = registration.datasets
        if dataset and dataset not in known:
            raise ConfigError(unknown_name("dataset", dataset, known, f"benchmark {name!r}"))
        added = (dataset,) if dataset else known
        chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), *added)))
    return chosen


def _items(config: LeaderboardConfig, plugins: Plugins) -> Iterator[str]:
    for item in config.suite:
        yield from plugins.names("benchmarks") if item == "all" else (item,)
