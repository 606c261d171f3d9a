"""Columns of a leaderboard beside those that every row has: metrics under a user's labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.leaderboard.metrics import Metric

ALWAYS_MEASURED = ("spearman", "kendall", "top10-retrieval")
"""Metrics that every row has as attributes of its own, with intervals where there are any."""


class MetricColumn:
    """One metric as a column.

    A metric that raises, or returns no number, leaves nan in the column; what it did is kept, so
    that everything else can be written before the user is told.

    Args:
        label: Name of the column, the metric's own where the user gave no other.
        metric: What is measured.
        where: What messages call the metric, plugin included.

    Attributes:
        problems: What the metric did wrong, each once.
    """

    def __init__(self, label: str, metric: Metric, where: str) -> None:
        self.label = label
        self.metric = metric
        self.where = where
        self.problems: list[str] = []

    @property
    def title(self) -> str:
        """Head of the column in reports."""
        return self.metric.title if self.label == self.metric.name else self.label

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """Return what the metric says of a ranking; nan where that is no number.

        Args:
            scores: Higher is better, nan failed, -inf no signal, shape (n,).
            values: Measured, finite, higher is better, shape (n,).
        """
        try:
            # Copies, so that a metric that writes into its arguments spoils nothing but itself.
            found = self.metric.measure(scores.copy(), values.copy())
            number = float(found) if isinstance(found, Real) else math.inf
        except Exception as error:
            return self._failed(f"raised {type(error).__name__}: {error}")
        if math.isinf(number):
            return self._failed(f"returned {found!r}; expected a finite number, or nan")
        return number

    def _failed(self, problem: str) -> float:
        if problem not in self.problems:
            self.problems.append(problem)
        return math.nan


def measured(
    columns: Sequence[MetricColumn], scores: NDArray[np.float64], values: NDArray[np.float64]
) -> Mapping[str, float]:
    """Return what each column says of one ranking, by label."""
    return {column.label: column.measure(scores, values) for column in columns}


def problems(columns: Sequence[MetricColumn]) -> list[str]:
    """Return what the metrics did wrong, a sentence for each; empty where all went well."""
    return [f"{column.where} {problem}" for column in columns for problem in column.problems]
