"""One column of a benchmark table, looked up by architecture, for bridges to tuners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from naslib_proxydata.errors import TableError, shown
from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import LOWER_IS_BETTER, BenchmarkTable, in_own_unit
from naslib_proxydata.tables.sources import check_turned, open_table

DRAWS: Final = 200
"""Random architectures by which is found out how much of its space a table holds."""


class Measured:
    """What was measured of the architectures of a table: one metric on one dataset.

    Args:
        benchmark: A benchmark's name, or ``"csv:FILE"``.
        dataset: The dataset (task); the benchmark's first where None.
        metric: The metric; validation accuracy, or the first, where None.
        root: Folder of the benchmark's files; ``$NASLIB_PROXYDATA_DATA`` where None.
        space: Name of the search space of a file's architectures.
        lower_is_better: Columns of a file whose lowest values are the best.

    Attributes:
        table: The table.
        dataset: The dataset.
        metric: The metric.
        space: The search space.
        lowest: Whether the lowest value is the best.
        best_value: The best measured value, in its own unit: accuracies in percent.

    Raises:
        ConfigError: There is no such benchmark, space or column.
        TableError: The table's file is absent or damaged, or lacks the column.
    """

    def __init__(
        self,
        benchmark: str,
        dataset: str | None = None,
        metric: str | None = None,
        *,
        root: str | Path | None = None,
        space: str | None = None,
        lower_is_better: str | Sequence[str] = (),
    ) -> None:
        turned = (lower_is_better,) if isinstance(lower_is_better, str) else tuple(lower_is_better)
        plugins = load_plugins(())
        self.table: BenchmarkTable = open_table(
            benchmark, plugins, root=data_folder(root), space=space, lower_is_better=turned
        )
        check_turned(turned, (self.table,))
        self.dataset = dataset or self.table.default_dataset(self.table.published_datasets)
        self.metric = metric or self.table.default_metric(self.dataset)
        self.space: SearchSpace[Any] = plugins.create("spaces", self.table.space)
        self.lowest = self.metric.endswith(LOWER_IS_BETTER)
        self._values = self.table.values(self.dataset, self.metric)
        self.best_value = in_own_unit(self.metric, float(np.nanmax(self._values)))

    @cached_property
    def architectures(self) -> tuple[str, ...]:
        """The texts of the architectures that were measured, in the table's order."""
        measured = np.isfinite(self._values)
        texts = self.table.architectures()
        return tuple(text for text, there in zip(texts, measured, strict=True) if there)

    def value(self, architecture: str) -> float:
        """Return the value of an architecture's text, in its own unit.

        Raises:
            TableError: It was not measured.
        """
        value = float(self._values[self.table.position(architecture)])
        if math.isnan(value):
            raise TableError(
                f"{self.table.label} holds no {self.dataset} {self.metric} of {shown(architecture)}"
            )
        return in_own_unit(self.metric, value)

    def holds(self, architecture: str) -> bool:
        """Return whether an architecture was measured, by its text."""
        try:
            self.value(architecture)
        except TableError:
            return False
        return True

    @cached_property
    def share_of_space(self) -> float:
        """About how much of its space the table holds, by :data:`DRAWS` random architectures."""
        generator = numpy_generator("table problem", self.table.name)
        drawn = [self.space.sample(generator) for _ in range(DRAWS)]
        return sum(self.holds(self.space.text(one)) for one in drawn) / DRAWS
