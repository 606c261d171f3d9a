"""A column of a benchmark table as a problem of OptunaHub."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optunahub.benchmarks import BaseProblem

from naslib_proxydata.errors import ArchitectureError, TableError, shown
from naslib_proxydata.optuna_bridge.parameters import (
    ARCHITECTURE,
    distributions_of,
    parameters_of,
    space_of,
)
from naslib_proxydata.optuna_bridge.sampler import FewLabelSampler
from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import LOWER_IS_BETTER, BenchmarkTable, in_own_unit
from naslib_proxydata.tables.sources import check_turned, open_table

DRAWS: Final = 200
"""Random architectures by which is found out how much of its space a table holds."""
FEWEST: Final = 0.01
"""Share of them that a table must hold for the space's own parameters to be of use."""


class TableProblem(BaseProblem):
    """What was measured of the architectures of a table, looked up for each trial.

    A trial chooses the operation of each edge, or what else the space's parameters are, where the
    table holds enough of its space; otherwise one row of the table, the parameter ``row``. What is
    no architecture, or was not measured, is a pruned trial. The architecture's text is the
    trial's user attribute ``architecture``.

    Args:
        benchmark: A benchmark's name, or ``"csv:FILE"``.
        dataset: The dataset (task); the benchmark's first where None.
        metric: The metric; validation accuracy, or the first, where None.
        root: Folder of the benchmark's files; ``$NASLIB_PROXYDATA_DATA`` where None.
        space: Name of the search space of a file's architectures.
        lower_is_better: Columns of a file whose lowest values are the best.
        by_row: Whether a trial chooses a row; None to find out.

    Attributes:
        table: The table.
        dataset: The dataset.
        metric: The metric.
        space: The search space.
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
        by_row: bool | None = None,
    ) -> None:
        turned = (lower_is_better,) if isinstance(lower_is_better, str) else tuple(lower_is_better)
        self.root = data_folder(root)
        self.benchmark = benchmark
        self.table: BenchmarkTable = open_table(
            benchmark, load_plugins(()), root=self.root, space=space, lower_is_better=turned
        )
        check_turned(turned, (self.table,))
        self.dataset = dataset or self.table.default_dataset(self.table.published_datasets)
        self.metric = metric or self.table.default_metric(self.dataset)
        self.space: SearchSpace[Any] = space_of(self.table.space)
        self._values = self.table.values(self.dataset, self.metric)
        self.best_value = in_own_unit(self.metric, float(np.nanmax(self._values)))
        self.by_row = not self._covers_its_space() if by_row is None else by_row
        self._parameters = parameters_of(self.space, self.architectures, by_row=self.by_row)

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """The parameters of a trial; all are categorical."""
        return distributions_of(self._parameters)

    @property
    def directions(self) -> list[StudyDirection]:
        """One direction: maximise, but for a column of a file whose lowest values are the best."""
        lowest = self.metric.endswith(LOWER_IS_BETTER)
        return [StudyDirection.MINIMIZE if lowest else StudyDirection.MAXIMIZE]

    @property
    def metric_names(self) -> list[str]:
        """What is looked up: dataset and metric."""
        return [f"{self.dataset} {self.metric}"]

    @cached_property
    def architectures(self) -> tuple[str, ...]:
        """The texts of the architectures that were measured, in the table's order."""
        measured = np.isfinite(self._values)
        texts = self.table.architectures()
        return tuple(text for text, there in zip(texts, measured, strict=True) if there)

    def __call__(self, trial: optuna.Trial) -> float:
        """Look up the architecture that a trial chooses.

        Raises:
            optuna.TrialPruned: It is none, or was not measured.
        """
        values = {
            name: trial.suggest_categorical(name, choices)
            for name, choices in self._parameters.choices.items()
        }
        try:
            text = self.architecture(values)
            value = self.value(text)
        except (ArchitectureError, TableError) as error:
            raise optuna.TrialPruned(str(error)) from None
        trial.set_user_attr(ARCHITECTURE, text)
        return value

    def evaluate(self, params: Mapping[str, Any]) -> float:
        """Return the value of the architecture that parameters name, in its own unit.

        Raises:
            ArchitectureError: They name none.
            TableError: It was not measured.
        """
        return self.value(self.architecture(params))

    def architecture(self, params: Mapping[str, Any]) -> str:
        """Return the text of the architecture that parameters name.

        Raises:
            ArchitectureError: They name none.
        """
        return self.space.text(self._parameters.architecture(params))

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

    def sampler(self, seed: int | None = None, **options: Any) -> FewLabelSampler:
        """Return a sampler that proposes what was measured, each architecture once.

        Args:
            seed: Seed of all that is random.
            options: Further arguments of :class:`FewLabelSampler`.
        """
        return FewLabelSampler(
            self.space,
            **{
                "architectures": self.architectures,
                "by_row": self.by_row,
                "allows": self.holds,
                "seed": seed,
                "target": self.dataset,
                **options,
            },
        )

    def _covers_its_space(self) -> bool:
        """Return whether the table holds so much of its space that its parameters are of use."""
        if self.space.parameters() is None:
            return False
        generator = numpy_generator("table problem", self.table.name)
        drawn = [self.space.sample(generator) for _ in range(DRAWS)]
        return sum(self.holds(self.space.text(one)) for one in drawn) >= FEWEST * DRAWS
