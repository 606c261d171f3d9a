"""A discrete search: from a configuration to a run folder with history, figures and the best."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from naslib_proxydata.assemble.problem import Problem
from naslib_proxydata.assemble.run import opened_folder, resolved, workers_of
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.evolution import plots
from naslib_proxydata.evolution.base import Optimizer, OptimizerSettings
from naslib_proxydata.evolution.catalogue import optimizer_class
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.loop import (
    Budget,
    search_by_score,
    search_by_value,
    search_with_predictor,
)
from naslib_proxydata.evolution.nsga2 import Nsga2, front
from naslib_proxydata.evolution.queries import Oracle, Query, history_csv
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.leaderboard import report
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.folder import PLOTS, RunFolder
from naslib_proxydata.runs.scores import Progress, StoredScores
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.label_file import read_labels

HISTORY, FRONT, RESULT = "history.csv", "front.csv", "result.json"
MOST_LABELS = 20
"""Queries spent on random labels where the user leaves that open; at most a third of all."""


@dataclass(frozen=True)
class DiscreteSearch:
    """What a finished search returns, and has written to its folder.

    Attributes:
        best: The query with the best value, or the evaluation with the best score.
        history: Every query, or every evaluation where nothing was queried.
        front: The best trades of value for multiply-accumulates; empty but for NSGA-II.
        measured: Dataset, metric and value of all that the benchmark holds of the best.
        computed: Number of scores computed; the others were in the store.
        folder: The run folder.
    """

    best: Query
    history: tuple[Query, ...]
    front: tuple[Query, ...]
    measured: tuple[tuple[str, str, float], ...]
    computed: int
    folder: Path


def run_discrete(
    config: SearchConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> DiscreteSearch:
    """Search, look the best up, write and draw.

    A search is repeated, not restored: scores that the folder holds are not computed again, and
    all else follows from the seed, so that an interrupted search ends as an uninterrupted one.

    Args:
        config: What to do.
        executor: Where predictors that run networks are evaluated; by default
            ``config.workers`` processes. The caller shuts it down.
        progress: Told how far the predictor is.

    Raises:
        ProxyDataError: Something is to be put right by the user; scores computed before are kept.
    """
    plugins = load_plugins(config.plugin)
    config = resolved(config)
    problem = Problem(config, plugins)
    make = partial(_optimizer, problem)
    make(0, ())  # so that a wrong setting stops the run before it has cost time
    folder = opened_folder(config, (HISTORY, FRONT, RESULT))
    with ScoreStore(folder.scores) as store, workers_of(config, executor) as pool:
        scores = StoredScores(store, pool, progress)
        history = _searched(problem, make, scores, folder)
    best = max(history, key=lambda one: one.worth)
    found = DiscreteSearch(
        best,
        tuple(history),
        tuple(front(history)) if issubclass(optimizer_class(config.optimizer), Nsga2) else (),
        problem.looked_up(best.architecture),
        scores.computed,
        folder.path,
    )
    env = report.environment(
        device=config.device,
        workers=config.workers,
        seeds=[config.seed],
        providers={one.distribution: one.version for one in plugins.providers()},
    )
    _write(folder, problem, found, env)
    return found


def _searched(
    problem: Problem,
    make: Callable[[int, Sequence[Any]], Optimizer[Any]],
    scores: StoredScores,
    folder: RunFolder,
) -> Sequence[Query]:
    """Search and return every query, or every evaluation where there is none."""
    config = problem.config
    if problem.setup is None:
        oracle = Oracle(problem.domain, problem.measure)
        search_by_value(make(0, ()), oracle, config.queries)
        return oracle.queries
    fitness = _fitness(problem, scores)
    given = _given(problem, fitness)
    oracle = Oracle(problem.domain, problem.measure, given)
    if config.queries == 0:
        if given:
            fitness.learn(list(oracle.architectures.values()), list(oracle.values.values()))
        return search_by_score(make(1, oracle.best(len(given))), fitness, config.evaluations)
    labels = config.labels or 0
    if config.labels is None and not given:
        labels = min(MOST_LABELS, max(FEWEST_LABELS, config.queries // 3))

    def keep() -> bool:
        folder.write(HISTORY, history_csv(oracle.queries))
        return False

    budget = Budget(config.queries, config.evaluations, labels, config.per_round)
    generator = numpy_generator(config.seed, "search", "labels")
    search_with_predictor(make, fitness, oracle, budget, generator, keep)
    return oracle.queries


def _optimizer(problem: Problem, round_: int, start: Sequence[Any]) -> Optimizer[Any]:
    """Make the optimizer of a round; what it starts with fills at most half of its population."""
    config = problem.config
    kind = optimizer_class(config.optimizer)
    generation = config.generation or 1
    if config.generation is None and problem.setup is not None:
        # Random search needs no value before the last draw.
        generation = config.evaluations if kind is RandomSearch else config.population
    values = {"population": config.population, "sample": config.sample, "generation": generation}
    settings = OptimizerSettings.parse(values, f"optimizer {config.optimizer!r}")
    generator = numpy_generator(config.seed, "search", config.optimizer, round_)
    return kind(problem.domain, generator, settings, start[: config.population // 2])


def _fitness(problem: Problem, scores: StoredScores) -> PredictedFitness[Any]:
    setup = problem.setup
    assert setup is not None
    title = f"{problem.config.space} {setup.predictor} (seed {setup.seed})"
    unfitted = setup.create()

    def stored(architectures: Sequence[Any]) -> Sequence[Any]:
        texts = [problem.space.text(one) for one in architectures]
        return scores.get(setup, unfitted, texts, title)

    return PredictedFitness(setup(), stored)


def _given(problem: Problem, fitness: PredictedFitness[Any]) -> list[tuple[Any, float]]:
    """Return the labelled architectures of the user's file."""
    file = problem.config.label_table
    if file is None:
        return []
    if not fitness.learns:
        raise ConfigError(
            f"--label-table: predictor {fitness.predictor.name!r} does not learn from labels; "
            "name one that does, such as few-label-structure"
        )
    labels = read_labels(file, problem.space, fewest=FEWEST_LABELS)
    return list(zip(labels.architectures, labels.accuracies, strict=True))


def _write(folder: RunFolder, problem: Problem, found: DiscreteSearch, env: dict[str, Any]) -> None:
    """Write every file of the run folder but the scores and the configuration."""
    config = problem.config
    title = f"{config.space}, {config.optimizer}, seed {config.seed}"
    folder.write(HISTORY, history_csv(found.history))
    figure = plots.history_figure(found.history, title, problem.ordinate)
    folder.replace(f"{PLOTS}/history.png", partial(plots.save, figure))
    if found.front:
        folder.write(FRONT, history_csv(found.front))
        figure = plots.front_figure(found.history, found.front, title, problem.ordinate)
        folder.replace(f"{PLOTS}/front.png", partial(plots.save, figure))
    folder.write("env.json", json.dumps(env, indent=2) + "\n")
    folder.write(RESULT, json.dumps(_result(found), indent=2) + "\n")
    folder.write("summary.md", _summary(problem, found, env))


def _result(found: DiscreteSearch) -> dict[str, Any]:
    """Return the best as plain data, without numbers that JSON does not know."""
    numbers = asdict(found.best)
    plain = {
        key: value
        for key, value in numbers.items()
        if not isinstance(value, float) or math.isfinite(value)
    }
    measured = [
        dict(zip(("dataset", "metric", "value"), one, strict=True)) for one in found.measured
    ]
    return {**plain, "measured": measured}


def _summary(problem: Problem, found: DiscreteSearch, env: dict[str, Any]) -> str:
    """Return the report."""
    config, best = problem.config, found.best
    what = "true queries" if config.queries else "evaluated architectures"
    lines = [
        f"# {config.space}: {config.optimizer}",
        "",
        f"{len(found.history)} {what}, {problem.ordinate}, seed {config.seed}. Best, number "
        f"{best.number}: {best.worth:.6g}, {best.macs:,} MACs:",
        "",
        f"    {best.architecture}",
        "",
        *(f"- {dataset}, {metric}: {value:.2f}" for dataset, metric, value in found.measured),
        "",
    ]
    if found.front:
        lines += [f"The front of {len(found.front)} best trades is in {FRONT}.", ""]
    return "\n".join([*lines, report.provenance(env), ""])
