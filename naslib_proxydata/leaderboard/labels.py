"""Rows of predictors that learn from a few labelled architectures: many draws, one mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import ranking
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.leaderboard.columns import MetricColumn, measured
from naslib_proxydata.leaderboard.published import published
from naslib_proxydata.leaderboard.rows import Comparison, Evaluation, Row, with_enough
from naslib_proxydata.seeding import numpy_generator

Positions = NDArray[np.int64]
Rank = Callable[[Positions, Positions], NDArray[np.float64]]
"""Learns from the architectures at the first positions and scores those at the second."""


class Draw(NamedTuple):
    """Positions of the labelled architectures, and of those to be ranked."""

    labelled: Positions
    rest: Positions


def draw_labels(
    values: NDArray[np.float64], labels: int, draws: int, seed: int, *parts: str
) -> list[Draw]:
    """Draw labelled architectures among those with a measured value, without replacement.

    A draw depends on the seed, its number, the named parts and the values that are there: on no
    predictor, nor on how many draws there are.

    Args:
        values: Measured values, nan where there is none, shape (n,).
        labels: How many to draw.
        draws: How often.
        seed: Seed of the draws.
        parts: What else names the draws, such as benchmark and dataset.

    Raises:
        ConfigError: Fewer than two architectures would be left.
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < labels + 2:
        raise ConfigError(
            f"{labels} labelled architectures leave fewer than two of the {len(known)} with a "
            f"measured value in {' '.join(parts)}; take fewer --labels or a larger --n"
        )
    drawn = []
    for number in range(draws):
        mixed = numpy_generator(seed, "labels", *parts, number).permutation(known)
        drawn.append(Draw(np.sort(mixed[:labels]), np.sort(mixed[labels:])))
    return drawn


def mean_evaluation(
    rank: Rank,
    values: NDArray[np.float64],
    draws: Sequence[Draw],
    comparison: Comparison,
    columns: Sequence[MetricColumn] = (),
    architectures: Sequence[str] = (),
) -> Evaluation:
    """Rank the rest of every draw and average the measures.

    Args:
        rank: The predictor.
        values: Measured values of all architectures, shape (n,).
        draws: At least one.
        comparison: What is ranked, and against what.
        columns: Metrics beside those of every row.
        architectures: The n texts of all architectures.

    Returns:
        The scores of the first draw, and a row of means.
    """
    ranked = [(rank(*draw), values[draw.rest]) for draw in draws]
    rhos = [ranking.spearman(*pair) for pair in ranked]
    tops = [ranking.top_retrieval(*pair) for pair in ranked]
    taus = [ranking.kendall(*pair) for pair in ranked]
    further = [measured(columns, *pair) for pair in ranked]
    shared = asdict(comparison)
    paper = published(comparison.benchmark, comparison.dataset, shared.pop("registered_name"))
    scores, rest = ranked[0]
    interval, top_interval = mean_interval(rhos), mean_interval(tops)
    row = Row(
        **shared,
        n=len(rest),
        n_failed=round(float(np.mean([np.isnan(found).sum() for found, _ in ranked]))),
        n_no_signal=round(float(np.mean([np.isneginf(found).sum() for found, _ in ranked]))),
        spearman=float(np.mean(rhos)),
        spearman_low=interval.low,
        spearman_high=interval.high,
        kendall=float(np.mean(taus)),
        top10_retrieval=float(np.mean(tops)),
        paper_spearman=paper[0],
        paper_top10=paper[1],
        labels=len(draws[0].labelled),
        draws=len(draws),
        spearman_std=_std(rhos),
        top10_low=top_interval.low,
        top10_high=top_interval.high,
        top10_std=_std(tops),
        metrics={name: float(np.mean([draw[name] for draw in further])) for name in further[0]},
    )
    texts = [architectures[place] for place in draws[0].rest] if architectures else []
    return Evaluation(scores, rest, with_enough(row), texts)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> ranking.Interval:
    """Return Student's interval of the mean of independent values; nan for fewer than two."""
    from scipy import stats

    count = len(values)
    if count < 2:
        return ranking.Interval(math.nan, math.nan)
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * _std(values) / math.sqrt(count)
    mean = float(np.mean(values))
    return ranking.Interval(mean - half, mean + half)


def _std(values: Sequence[float]) -> float:
    """Return the standard deviation with the divisor count - 1; nan for fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
