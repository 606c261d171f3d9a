"""A column of a benchmark table as a problem of OptunaHub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optunahub.benchmarks import BaseProblem

from naslib_proxydata.errors import ArchitectureError, TableError
from naslib_proxydata.optuna_bridge.parameters import ARCHITECTURE, distributions_of
from naslib_proxydata.optuna_bridge.sampler import FewLabelSampler
from naslib_proxydata.runs.measured import Measured
from naslib_proxydata.runs.parameters import parameters_of

FEWEST: Final = 0.01
"""Share of its space that a table must hold for the space's own parameters to be of use."""


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
        measured: The column of the table.
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
        self.measured = Measured(
            benchmark, dataset, metric, root=root, space=space, lower_is_better=lower_is_better
        )
        self.space = self.measured.space
        self.best_value = self.measured.best_value
        self.by_row = not self._covers_its_space() if by_row is None else by_row
        self._parameters = parameters_of(
            self.space, self.measured.architectures, by_row=self.by_row
        )

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """The parameters of a trial; all are categorical."""
        return distributions_of(self._parameters)

    @property
    def directions(self) -> list[StudyDirection]:
        """One direction: maximise, but for a column of a file whose lowest values are the best."""
        lowest = self.measured.lowest
        return [StudyDirection.MINIMIZE if lowest else StudyDirection.MAXIMIZE]

    @property
    def metric_names(self) -> list[str]:
        """What is looked up: dataset and metric."""
        return [f"{self.measured.dataset} {self.measured.metric}"]

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
            value = self.measured.value(text)
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
        return self.measured.value(self.architecture(params))

    def architecture(self, params: Mapping[str, Any]) -> str:
        """Return the text of the architecture that parameters name.

        Raises:
            ArchitectureError: They name none.
        """
        return self.space.text(self._parameters.architecture(params))

    def sampler(self, seed: int | None = None, **options: Any) -> FewLabelSampler:
        """Return a sampler that proposes what was measured, each architecture once.

        Args:
            seed: Seed of all that is random.
            options: Further arguments of :class:`FewLabelSampler`.
        """
        return FewLabelSampler(
            self.space,
            **{
                "architectures": self.measured.architectures,
                "by_row": self.by_row,
                "allows": self.measured.holds,
                "seed": seed,
                "target": self.measured.dataset,
                **options,
            },
        )

    def _covers_its_space(self) -> bool:
        """Return whether the table holds so much of its space that its parameters are of use."""
        if self.space.parameters() is None:
            return False
        return self.measured.share_of_space >= FEWEST
