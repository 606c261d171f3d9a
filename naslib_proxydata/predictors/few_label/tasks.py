"""What other tasks of a search space measured: columns of benchmark tables, by architecture."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import TableError
from naslib_proxydata.predictors.few_label.models import ranker
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.tables.sources import check_turned, open_table, own_path

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins

Floats = NDArray[np.float64]

ALIASES = {"imagenet16120": "imagenet16"}
"""What tables call a dataset that papers call otherwise, without signs."""
_SPLIT = re.compile(r"(?<=.)(validation|valid|val|test|train)?(accuracy|acc|top1)?$")


class MeasuredTasks:
    """Some datasets of one table, each in the metric that is its default.

    Args:
        table: The table.
        space: Its search space.
        datasets: Which of its datasets; all where None.

    Raises:
        TableError: The table lacks one of them; the closest is named.
    """

    def __init__(
        self, table: BenchmarkTable, space: SearchSpace[Any], datasets: Sequence[str] | None = None
    ) -> None:
        self.name = table.name
        self.space = space
        self._table = table
        self.datasets = tuple(dict.fromkeys((*table.columns(), *table.published_datasets)))
        self._ranks = {
            f"{table.name} {dataset}": ranks(table.values(dataset, table.default_metric(dataset)))
            for dataset in (table.columns() if datasets is None else datasets)
        }

    def of(self, text: str) -> dict[str, float]:
        """Return the normal score of an architecture's rank in each column, by table and dataset.

        One that the table spells otherwise has the mean of all that compute the same function;
        what was not measured is left out.
        """
        rows = self._rows(text)
        found = {name: column[rows] for name, column in self._ranks.items()}
        return {
            name: float(np.nanmean(values))
            for name, values in found.items()
            if np.isfinite(values).any()
        }

    def evenly(self, count: int) -> tuple[list[Any], dict[str, Floats]]:
        """Return at most so many architectures, evenly spread over the table, and their values.

        Values are the normal scores of ranks, by table and dataset, nan where none was measured.
        """
        texts = self._table.architectures()
        rows = np.linspace(0, len(texts) - 1, min(len(texts), count)).astype(int)
        architectures = [self.space.parse(texts[row]) for row in rows]
        return architectures, {name: column[rows] for name, column in self._ranks.items()}

    def fingerprint(self) -> dict[str, str]:
        """Return a digest of each column with its architectures, by table and dataset."""
        texts = "\n".join(self._table.architectures()).encode()
        return {
            name: hashlib.sha256(texts + column.tobytes()).hexdigest()[:16]
            for name, column in self._ranks.items()
        }

    def _rows(self, text: str) -> list[int]:
        try:
            return [self._table.position(text)]
        except TableError:
            return self._by_function.get(self.space.hash(self.space.parse(text)), [])

    @cached_property
    def _by_function(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(self._table.architectures()):
            rows.setdefault(self.space.hash(self.space.parse(text)), []).append(row)
        return rows


def open_tasks(
    sources: Sequence[str],
    plugins: Plugins,
    *,
    space: str | None,
    root: Path | None,
    lower_is_better: Sequence[str] = (),
) -> list[MeasuredTasks]:
    """Open tables, or some of their datasets.

    Args:
        sources: Each the name of a benchmark, ``benchmark:dataset``, or ``csv:FILE``.
        plugins: Where benchmarks and spaces are registered.
        space: Name of the search space; None where every source is a registered benchmark.
        root: Folder of the files of registered benchmarks.
        lower_is_better: Columns of ``csv:`` files whose lowest values are the best.

    Raises:
        ConfigError: A name is unknown, or a benchmark is of another space.
        TableError: A table is absent or damaged, or lacks the dataset.
    """
    chosen: dict[str, list[str] | None] = {}
    for source in sources:
        is_file = own_path(source) is not None
        name, _, dataset = (source, "", "") if is_file else source.partition(":")
        known = chosen.setdefault(name, [])
        if not dataset:
            chosen[name] = None  # all of them
        elif known is not None:
            known.append(dataset)
    tables = [
        open_table(name, plugins, root=root, space=space, lower_is_better=lower_is_better)
        for name in chosen
    ]
    check_turned(lower_is_better, tables)
    return [
        MeasuredTasks(table, plugins.create("spaces", table.space), datasets)
        for table, datasets in zip(tables, chosen.values(), strict=True)
    ]


def dataset_of(task: str) -> str:
    """Return the dataset in ``"table dataset"``."""
    return task.partition(" ")[2]


def same_dataset(one: str, other: str) -> bool:
    """Return whether two names mean one dataset: ``cifar10``, ``CIFAR-10`` and ``cifar10-valid``.

    Case, signs between letters, and the names of a split or an accuracy at the end do not count.
    """
    return _bare(one) == _bare(other)


def _bare(dataset: str) -> str:
    letters = re.sub(r"[\W_]", "", dataset.casefold())
    bare = _SPLIT.sub("", letters)
    return ALIASES.get(bare, bare)


def ranks(values: Floats) -> Floats:
    """Return the normal scores of ranks among what was measured, nan elsewhere, shape (n,)."""
    known = np.isfinite(values)
    found = np.full(len(values), np.nan)
    found[known] = ranker(values[known, None])(values[known, None])[:, 0]
    return found
