"""The scores behind a leaderboard: a line for each architecture, written and read back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naslib_proxydata.csv_text import csv_text
from naslib_proxydata.leaderboard.rows import Evaluation
from naslib_proxydata.runs.tables import number_in, read_table

ARCHITECTURES = "architectures.csv"

_KEYS = ("benchmark", "dataset", "metric", "seed", "architecture", "value")
_SCORE = "score "
"""Begins the name of each predictor's column, whatever the predictor is called."""


@dataclass(frozen=True)
class ScoredArchitecture:
    """One architecture of one task and seed.

    Attributes:
        benchmark: Name of the benchmark.
        dataset: Name of the dataset.
        metric: What was ranked against.
        seed: Seed of the run's rows.
        architecture: Its text.
        value: Measured, as it is ranked: higher is better.
        scores: By predictor, higher is better: nan failed, -inf no signal.
    """

    benchmark: str
    dataset: str
    metric: str
    seed: int
    architecture: str
    value: float
    scores: Mapping[str, float]

    @property
    def task(self) -> str:
        """Benchmark and dataset, as reports call them."""
        return f"{self.benchmark}: {self.dataset}"


def architectures_csv(evaluations: Sequence[Evaluation]) -> str:
    """Return a line for each architecture, with a column for each predictor.

    A failed score is empty, one without signal ``-inf``. Where labels are drawn these are the
    architectures of the first draw.
    """
    predictors = list(dict.fromkeys(one.row.predictor for one in evaluations))
    return csv_text(
        [*_KEYS, *(f"{_SCORE}{name}" for name in predictors)], _lines(evaluations, predictors)
    )


def _lines(evaluations: Sequence[Evaluation], predictors: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the cells of each architecture."""
    for group in _by_task_and_seed(evaluations):
        row = group[0].row
        key = (row.benchmark, row.dataset, row.metric, row.seed)
        by_predictor = {one.row.predictor: one.scores for one in group}
        columns = [by_predictor.get(name) for name in predictors]
        for place, architecture in enumerate(group[0].architectures):
            scores = ["" if column is None else _text(column[place]) for column in columns]
            yield [*key, architecture, repr(float(group[0].values[place])), *scores]


def read_architectures(path: Path) -> Iterator[ScoredArchitecture]:
    """Yield the lines of :func:`architectures_csv`, holding one at a time.

    Raises:
        RunFolderError: The file is damaged.
    """
    for line in read_table(path):
        seed = number_in(line.get("seed", ""))
        yield ScoredArchitecture(
            benchmark=line.get("benchmark", ""),
            dataset=line.get("dataset", ""),
            metric=line.get("metric", ""),
            seed=int(seed) if math.isfinite(seed) else 0,
            architecture=line.get("architecture", ""),
            value=number_in(line.get("value", "")),
            scores={
                name.removeprefix(_SCORE): number_in(text)
                for name, text in line.items()
                if name.startswith(_SCORE)
            },
        )


def _by_task_and_seed(evaluations: Iterable[Evaluation]) -> Iterable[list[Evaluation]]:
    """Group what ranks the same architectures."""
    groups: dict[tuple[str, str, int], list[Evaluation]] = {}
    for one in evaluations:
        key = (one.row.benchmark, one.row.dataset, one.row.seed)
        groups.setdefault(key, []).append(one)
    return groups.values()


def _text(score: float) -> str:
    return "" if math.isnan(score) else repr(float(score))
