"""Results as tools that rate methods read them: a line for each method, task, seed and metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from naslib_proxydata.csv_text import csv_text
from naslib_proxydata.leaderboard.rows import Row

LONG = "results_long.csv"

_MEASURES = ("spearman", "kendall", "top10_retrieval", "seconds_per_architecture")


class Result(NamedTuple):
    """One number.

    Attributes:
        method: The predictor.
        task: Benchmark and dataset, joined by a slash.
        seed: Seed of the row.
        metric: Name of the number. Of all but ``seconds_per_architecture`` and ``best-rank`` more
            is better.
        value: The number, always defined.
    """

    method: str
    task: str
    seed: int
    metric: str
    value: float


def long_results(rows: Iterable[Row]) -> list[Result]:
    """Return every number of the rows that is defined, further metrics behind the others."""
    return [
        Result(row.predictor, f"{row.benchmark}/{row.dataset}", row.seed, metric, value)
        for row in rows
        for metric, value in _measured(row)
        if not math.isnan(value)
    ]


def long_csv(results: Sequence[Result]) -> str:
    """Return them as CSV: method, task, seed, metric and value."""
    return csv_text(Result._fields, results)


def _measured(row: Row) -> list[tuple[str, float]]:
    return [(name, getattr(row, name)) for name in _MEASURES] + list(row.metrics.items())
