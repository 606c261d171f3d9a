"""Stored scores, ranked on the tables of a leaderboard."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import ranking
from naslib_proxydata.assemble.tasks import Task, find_tasks
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.leaderboard.rows import (
    FEWEST_RANKED,
    RESAMPLES,
    Comparison,
    Evaluation,
    make_evaluation,
    mean_seconds,
)
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parent))
from scores import Scored


def evaluations(
    config: LeaderboardConfig, several: Sequence[Scored]
) -> tuple[list[Evaluation], list[Absent]]:
    """Rank stored scores on every dataset of a leaderboard, and say what of it is absent.

    A predictor that has scored fewer architectures than another is ranked on those; all are
    also ranked on the ones that every predictor of the table has, as ``spearman_shared`` of
    ``n_shared``.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    tasks, absent = find_tasks(config, plugins)
    found = []
    for task in tasks:
        mine = [one for one in several if one.benchmark == task.name]
        for one in mine:
            others = [other.scores.keys() for other in mine if other.seed == one.seed]
            found += list(_evaluated(config, task, one, set(one.scores).intersection(*others)))
    return found, absent


def _evaluated(
    config: LeaderboardConfig, task: Task, one: Scored, shared: set[str]
) -> Iterator[Evaluation]:
    """Yield an evaluation of a predictor for every dataset of a task."""
    plugins = load_plugins(config.plugin, config.no_plugin)
    facts = one.facts
    predictor: Predictor[Any] = plugins.create(
        "predictors", facts["registered"], **facts["options"]
    )
    scores = list(one.scores.values())
    rows = np.array([task.table.position(text) for text in one.scores])
    is_shared = np.array([text in shared for text in one.scores])
    ranked = predictor.aggregate(scores)
    of_shared = predictor.aggregate(
        [score for score, taken in zip(scores, is_shared, strict=True) if taken]
    )
    once = {(str(score.value), score.seconds): score for score in scores}  # shared ones once
    for dataset, metric in task.columns:
        comparison = Comparison(
            registered_name=facts["registered"],
            benchmark=task.name,
            dataset=dataset,
            metric=metric,
            predictor=one.predictor,
            seed=one.seed,
            seconds_per_architecture=mean_seconds(list(once.values())),
            device=facts["device"],
            images=facts["images"],
            label=task.table.label,
            source=task.table.source,
            noise_ceiling=task.noise_ceiling(dataset, metric, rows),
            cells=config.subset,
            family=task.family,
            note=task.caveat,
        )
        values = task.values(dataset, metric, rows)
        evaluation = make_evaluation(ranked, values, comparison)
        measured = np.isfinite(values[is_shared])
        common = of_shared[measured], values[is_shared][measured]
        rho = ranking.spearman(*common) if len(common[0]) >= FEWEST_RANKED else np.nan
        row = replace(evaluation.row, metrics={"n_shared": len(common[0]), "spearman_shared": rho})
        if not np.isnan([row.paper_top10, row.top10_retrieval]).any():
            low, high = top10_interval(evaluation.scores, evaluation.values, comparison)
            row = replace(row, top10_low=low, top10_high=high)
        yield replace(evaluation, row=row)


def top10_interval(
    scores: NDArray[np.float64], values: NDArray[np.float64], comparison: Comparison
) -> ranking.Interval:
    """Return the 95 % percentile bootstrap interval of the top-10 % retrieval.

    Architectures are drawn with replacement, and each resample is ranked anew, as for Spearman's
    rho (:func:`naslib_proxydata.ranking.bootstrap_spearman`).

    Args:
        scores: Shape (n,).
        values: Shape (n,), finite.
        comparison: Names the generator.
    """
    n = len(scores)
    parts = (comparison.benchmark, comparison.dataset, comparison.predictor)
    generator = numpy_generator(comparison.seed, "bootstrap of the top 10 %", *parts)
    found = [
        ranking.top_retrieval(scores[drawn], values[drawn])
        for drawn in generator.integers(n, size=(RESAMPLES, n))
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return ranking.Interval(float(low), float(high))
