"""Which differences between predictors are significant, within one run and between runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import ranking
from naslib_proxydata.leaderboard.architectures import ScoredArchitecture
from naslib_proxydata.leaderboard.rows import FEWEST_RANKED
from naslib_proxydata.seeding import numpy_generator

LEVEL = 0.05
"""Differences with an adjusted p-value below this count as significant."""

MOST_RESAMPLES, FEWEST_RESAMPLES = 10_000, 1_000
_WORK = 20_000_000
"""Draws of architectures that are spent on a method, where as few resamples will do."""
_RESAMPLES_A_PAIR = 80
"""So that the smallest p-value, adjusted for all pairs, is half of the level."""

Task = tuple[str, str, str]
"""Benchmark, dataset and metric."""


class Scored(NamedTuple):
    """What one architecture is worth, and its scores by the place of the predictor."""

    value: float
    scores: tuple[float, ...]


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison.

    Attributes:
        name: What the reader calls it.
        predictors: Their labels.
        tasks: By task and seed, what each architecture is worth and scores.
    """

    name: str
    predictors: tuple[str, ...]
    tasks: Mapping[Task, Mapping[int, Mapping[str, Scored]]]


@dataclass(frozen=True)
class Pair:
    """Two methods.

    Attributes:
        first: Name of the one.
        second: Name of the other.
        rho: Spearman's rho of the first, the mean over seeds.
        other_rho: That of the second.
        difference: The first's less the second's, with interval and p-value.
        adjusted: The p-value adjusted for all pairs of the task by Holm's method.
    """

    first: str
    second: str
    rho: float
    other_rho: float
    difference: ranking.Difference
    adjusted: float = math.nan

    @property
    def is_significant(self) -> bool:
        """Whether the adjusted p-value is below 5 %."""
        return self.adjusted < LEVEL


@dataclass(frozen=True)
class Comparison:
    """The methods of one task.

    Attributes:
        task: Benchmark, dataset and metric.
        n: Architectures that all runs have ranked, all seeds together.
        seeds: How many seeds they were drawn with.
        resamples: Bootstrap resamples.
        pairs: All pairs of methods, the largest difference first.
        note: Why there are none, or what was left out; empty where nothing is to be said.
    """

    task: Task
    n: int
    seeds: int
    resamples: int
    pairs: tuple[Pair, ...]
    note: str = ""


def compared_run(name: str, architectures: Iterable[ScoredArchitecture]) -> ComparedRun:
    """Return a run as it is compared."""
    tasks: dict[Task, dict[int, dict[str, Scored]]] = {}
    predictors: tuple[str, ...] = ()
    for one in architectures:
        predictors = predictors or tuple(one.scores)
        task = (one.benchmark, one.dataset, one.metric)
        of_seed = tasks.setdefault(task, {}).setdefault(one.seed, {})
        of_seed[one.architecture] = Scored(one.value, tuple(one.scores.values()))
    return ComparedRun(name, predictors, tasks)


def compare(runs: Sequence[ComparedRun]) -> list[Comparison]:
    """Compare all predictors of all runs, task by task, on the architectures that all ranked.

    A predictor whose scores are the same in several runs is one method. Significance is a paired
    bootstrap over architectures (:func:`naslib_proxydata.ranking.paired_difference`), and its
    p-values are adjusted for all pairs of the task (:func:`naslib_proxydata.ranking.holm`).

    Args:
        runs: One or several. Tasks that only some of several have are not compared.
    """
    shared = set.intersection(*(set(run.tasks) for run in runs))
    return [_compared(task, runs) for task in runs[0].tasks if task in shared]


def _compared(task: Task, runs: Sequence[ComparedRun]) -> Comparison:
    replicates, left_out = _replicates(task, runs)
    if not replicates:
        fewest = max(map(len, _shared(task, runs)), default=0)
        return Comparison(task, 0, 0, 0, (), _too_few(fewest))
    values, scores = _arrays(replicates, runs)
    methods = _methods(scores, runs)
    of_methods = np.stack(list(methods.values()))
    resamples = _resamples(values.shape[1], math.comb(len(methods), 2))
    generator = numpy_generator(0, "comparison", *task)
    drawn = ranking.resampled_spearman(of_methods, values, generator, resamples=resamples)
    rhos = [ranking.mean_spearman(one, values) for one in of_methods]
    pairs = _pairs(list(methods), rhos, drawn)
    note = (
        f"{left_out} architectures whose measured values differ are left out." if left_out else ""
    )
    return Comparison(task, values.shape[1], len(replicates), resamples, pairs, note)


def _pairs(
    names: Sequence[str], rhos: Sequence[float], drawn: NDArray[np.float64]
) -> tuple[Pair, ...]:
    """Return all pairs, the higher rho first, adjusted for their number."""
    order = sorted(range(len(names)), key=lambda one: (math.isnan(rhos[one]), -rhos[one]))
    pairs = [
        Pair(
            names[one],
            names[two],
            rhos[one],
            rhos[two],
            ranking.paired_difference(rhos[one] - rhos[two], drawn[:, one], drawn[:, two]),
        )
        for one, two in itertools.combinations(order, 2)
    ]
    adjusted = ranking.holm([pair.difference.p_value for pair in pairs])
    told = [replace(pair, adjusted=float(p)) for pair, p in zip(pairs, adjusted, strict=True)]
    return tuple(sorted(told, key=_by_difference))


def _by_difference(pair: Pair) -> tuple[bool, float]:
    value = pair.difference.value
    return math.isnan(value), -abs(value) if value == value else 0.0


def _seeds(task: Task, runs: Sequence[ComparedRun]) -> list[tuple[int, ...]]:
    """Return which seed of each run goes with which: equal ones, or where none is, in order."""
    seeds = [sorted(run.tasks[task]) for run in runs]
    common = sorted(set.intersection(*map(set, seeds)))
    if common:
        return [(seed,) * len(runs) for seed in common]
    return list(zip(*seeds, strict=False))


Replicate = tuple[tuple[int, ...], dict[str, float]]
"""A seed of each run, and the measured values of the architectures that all of them ranked."""


def _shared(task: Task, runs: Sequence[ComparedRun]) -> list[set[str]]:
    return [
        set.intersection(
            *(set(run.tasks[task][seed]) for run, seed in zip(runs, seeds, strict=True))
        )
        for seeds in _seeds(task, runs)
    ]


def _replicates(
    task: Task, runs: Sequence[ComparedRun]
) -> tuple[list[list[Mapping[str, Scored]]], int]:
    """Return what the runs have of the shared architectures for each seed, and what is left out."""
    found: list[list[Mapping[str, Scored]]] = []
    left_out = 0
    for seeds, shared in zip(_seeds(task, runs), _shared(task, runs), strict=True):
        tables = [run.tasks[task][seed] for run, seed in zip(runs, seeds, strict=True)]
        agreed = [
            text
            for text in sorted(shared)
            if len({table[text].value for table in tables}) == 1
            and math.isfinite(tables[0][text].value)
        ]
        left_out += len(shared) - len(agreed)
        if len(agreed) >= FEWEST_RANKED:
            found.append([{text: table[text] for text in agreed} for table in tables])
    return found, left_out


def _arrays(
    replicates: Sequence[Sequence[Mapping[str, Scored]]], runs: Sequence[ComparedRun]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return values, shape (seeds, n), and the scores of each run, (predictors, seeds, n)."""
    texts = sorted({text for tables in replicates for text in tables[0]})
    places = {text: place for place, text in enumerate(texts)}
    values = np.full((len(replicates), len(texts)), np.nan)
    scores = [np.full((len(run.predictors), *values.shape), np.nan) for run in runs]
    for seed, tables in enumerate(replicates):
        drawn = [places[text] for text in tables[0]]
        values[seed, drawn] = [one.value for one in tables[0].values()]
        for of_run, table in zip(scores, tables, strict=True):
            of_run[:, seed, drawn] = np.array([one.scores for one in table.values()]).T
    return values, scores


def _methods(
    scores: Sequence[NDArray[np.float64]], runs: Sequence[ComparedRun]
) -> dict[str, NDArray[np.float64]]:
    """Return the scores of each method by name; equal ones of a predictor are one."""
    found: dict[str, list[tuple[list[str], NDArray[np.float64]]]] = {}
    for run, of_run in zip(runs, scores, strict=True):
        for predictor, own in zip(run.predictors, of_run, strict=True):
            known = found.setdefault(predictor, [])
            same = [names for names, one in known if np.array_equal(one, own, equal_nan=True)]
            if same:
                same[0].append(run.name)
            else:
                known.append(([run.name], own))
    several = len(runs) > 1
    return {
        f"{predictor} ({', '.join(names)})" if several else predictor: own
        for predictor, variants in found.items()
        for names, own in variants
    }


def _resamples(n: int, pairs: int) -> int:
    """Return how many resamples are drawn: fewer of many architectures, more for many pairs."""
    affordable = min(max(_WORK // n, FEWEST_RESAMPLES), MOST_RESAMPLES)
    return max(affordable, min(_RESAMPLES_A_PAIR * pairs, MOST_RESAMPLES))


def _too_few(shared: int) -> str:
    return (
        f"Not compared: the runs share {shared} architectures, and {FEWEST_RANKED} are needed. "
        "Runs with the same n and sample_seed (--set sample_seed=0) rank the same architectures."
    )
