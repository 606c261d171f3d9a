"""From scores and measured values to the rows of a leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import ranking
from naslib_proxydata.leaderboard.columns import MetricColumn, measured
from naslib_proxydata.leaderboard.published import published
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.summation import ordered_sum

ALL_CELLS = "all"
"""The whole of a search space, as a subset of it."""

RESAMPLES = 1000
"""Bootstrap resamples behind every interval."""

FEWEST_RANKED = 10
"""A ranking of fewer architectures has no rank figure, which chance alone would make."""


@dataclass(frozen=True)
class Row:
    """One predictor on one dataset of one benchmark, with one seed.

    Attributes:
        benchmark: Name of the benchmark.
        dataset: Name of the dataset (task).
        metric: What was ranked against, in percent unless its name says otherwise.
        predictor: Label of the predictor.
        seed: Seed of the scores, and of the draw of architectures if no other was given.
        n: Number of architectures with a measured value; all are ranked.
        n_failed: How many of them have a failed score (nan), which ranks last.
        n_no_signal: How many carry no signal (-inf), which ranks last but for the failed.
        spearman: Spearman's rho; nan where all scores are equal.
        spearman_low: Lower end of its 95 % bootstrap interval.
        spearman_high: Upper end.
        kendall: Kendall's tau-b.
        top10_retrieval: Share of the true top 10 % found in the predicted top 10 %, expected
            under random tie breaking.
        seconds_per_architecture: Mean wall-clock time of the scores that were computed; those
            without signal are known without computing.
        device: Where the scores were computed.
        images: Source, number and shape of the images that the predictor looked at.
        paper_spearman: Published figure, nan where none is known.
        paper_top10: Published figure, nan where none is known.
        label: What the measured values are called.
        source: Where they were read from.
        labels: Number of labelled architectures that a predictor may learn from. Where there
            are any, the row is the mean over draws of them, n is what is left to rank, and the
            ends of intervals are those of the mean.
        draws: Number of draws of labels.
        spearman_std: Standard deviation of Spearman's rho over draws, nan without labels.
        top10_low: Lower end of the 95 % interval of the top-10 % retrieval, of its mean where there
            are labels; nan where it was not computed.
        top10_high: Upper end.
        top10_std: Its standard deviation over draws.
        noise_ceiling: How well one training orders the drawn architectures as their others do
            (:func:`naslib_proxydata.ranking.noise_ceiling`); nan where only means are known.
        cells: Name of the subset of the search space whose architectures were drawn.
        family: Name of the group of benchmarks whose tasks are averaged together.
        note: Why the row counts in no average; empty where it does.
        sources: Tables and datasets whose measured values the predictor knew, with how many of the
            architectures each had where not all; empty where none.
        metrics: Further metrics that were asked for, by label; nan where not defined.
    """

    benchmark: str
    dataset: str
    metric: str
    predictor: str
    seed: int
    n: int
    n_failed: int
    n_no_signal: int
    spearman: float
    spearman_low: float
    spearman_high: float
    kendall: float
    top10_retrieval: float
    seconds_per_architecture: float
    device: str
    images: str
    paper_spearman: float
    paper_top10: float
    label: str
    source: str
    labels: int = 0
    draws: int = 0
    spearman_std: float = math.nan
    top10_low: float = math.nan
    top10_high: float = math.nan
    top10_std: float = math.nan
    noise_ceiling: float = math.nan
    cells: str = ALL_CELLS
    family: str = ""
    note: str = ""
    sources: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def protocol(self) -> str:
        """What the ranking is of: the metric, and which subset of the space, in words."""
        return f"{self.metric.replace('_', ' ')}, {self.cells} cells"

    def plain(self) -> dict[str, Any]:
        """Return all columns by name, further metrics behind the others; nan stays nan."""
        return {name: getattr(self, name) for name in COLUMNS} | dict(self.metrics)


COLUMNS = tuple(column.name for column in fields(Row) if column.name != "metrics")
"""Names of the columns that every leaderboard has."""


_RANK_FIGURES = (
    *("spearman", "spearman_low", "spearman_high", "spearman_std", "kendall"),
    *("top10_retrieval", "top10_low", "top10_high", "top10_std"),
)


@dataclass(frozen=True)
class Comparison:
    """What is compared with what; see :class:`Row` for the attributes that it shares.

    Attributes:
        registered_name: Name under which published figures of the predictor are known.
    """

    registered_name: str
    benchmark: str
    dataset: str
    metric: str
    predictor: str
    seed: int
    seconds_per_architecture: float
    device: str
    images: str
    label: str
    source: str
    noise_ceiling: float = math.nan
    cells: str = ALL_CELLS
    family: str = ""
    note: str = ""
    sources: str = ""


@dataclass(frozen=True)
class Evaluation:
    """The scores of one predictor beside the measured values of one dataset.

    Attributes:
        scores: As ranked (higher is better), nan failed, -inf no signal, shape (n,).
        values: Measured, finite, higher is better, shape (n,).
        row: What is reported of them.
        architectures: Their texts, of which there are n; empty where they are not known.
    """

    scores: NDArray[np.float64]
    values: NDArray[np.float64]
    row: Row
    architectures: Sequence[str] = ()


def make_evaluation(
    scores: NDArray[np.float64],
    values: NDArray[np.float64],
    comparison: Comparison,
    columns: Sequence[MetricColumn] = (),
    architectures: Sequence[str] = (),
) -> Evaluation:
    """Rank the scores of the architectures that have a measured value.

    Args:
        scores: Shape (n,).
        values: Shape (n,), nan where nothing was measured.
        comparison: What was scored, and against what.
        columns: Metrics beside those of every row.
        architectures: Their n texts.
    """
    known_values = np.isfinite(values)
    architectures = list(compress(architectures, known_values))
    scores, values = scores[known_values], values[known_values]
    shared = asdict(comparison)
    name = shared.pop("registered_name")
    paper_spearman, paper_top10 = published(comparison.benchmark, comparison.dataset, name)
    parts = (comparison.benchmark, comparison.dataset, comparison.predictor)
    generator = numpy_generator(comparison.seed, "bootstrap", *parts)
    interval = ranking.bootstrap_spearman(scores, values, generator, resamples=RESAMPLES)
    row = with_enough(
        Row(
            **shared,
            n=len(scores),
            n_failed=int(np.isnan(scores).sum()),
            n_no_signal=int(np.isneginf(scores).sum()),
            spearman=ranking.spearman(scores, values),
            spearman_low=interval.low,
            spearman_high=interval.high,
            kendall=ranking.kendall(scores, values),
            top10_retrieval=ranking.top_retrieval(scores, values),
            paper_spearman=paper_spearman,
            paper_top10=paper_top10,
            metrics=measured(columns, scores, values),
        )
    )
    return Evaluation(scores, values, row, architectures)


def with_enough(row: Row) -> Row:
    """Return the row, without any rank figure where fewer than ten architectures are ranked."""
    if row.n >= FEWEST_RANKED:
        return row
    undefined: dict[str, Any] = dict.fromkeys(_RANK_FIGURES, math.nan)
    return replace(
        row,
        **undefined,
        metrics=dict.fromkeys(row.metrics, math.nan),
        note="; ".join(filter(None, (row.note, too_few(row.n)))),
    )


def too_few(n: int) -> str:
    """Return why a ranking of n architectures has no figure, and what to do."""
    return (
        f"a rank figure needs at least {FEWEST_RANKED} architectures, got {n}: take a larger n, or "
        "another table where this one holds no more"
    )


def mean_seconds(scores: list[Score]) -> float:
    """Return the mean time of the scores that were computed; nan where none was."""
    computed = [score.seconds for score in scores if score.value != -math.inf]
    return ordered_sum(computed) / len(computed) if computed else math.nan
