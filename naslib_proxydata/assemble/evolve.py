"""A discrete search: from a configuration to a run folder with history, figures and the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.problem import Problem
from naslib_proxydata.assemble.tables import settled
from naslib_proxydata.assemble.trained_values import TRAININGS, TrainedValues
from naslib_proxydata.config import EvolveConfig
from naslib_proxydata.evolution import plots
from naslib_proxydata.evolution.acquisition import acquisition_of
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.loop import (
    Budget,
    search_by_score,
    search_by_value,
    search_with_predictor,
)
from naslib_proxydata.evolution.queries import Query, TrueFitness, history_csv
from naslib_proxydata.figures import plain
from naslib_proxydata.files import expanded
from naslib_proxydata.markdown import one_line
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import Progress, threads_used
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.scores import StoredScores, told_transient
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import opened_folder, resolved, workers_of
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.seeding import numpy_generator

HISTORY, FRONT, RESULT = "history.csv", "front.csv", "result.json"


@dataclass(frozen=True)
class Evolution:
    """What a finished search returns, and has written to its folder.

    Attributes:
        best: The query with the best value, or the evaluation with the best score.
        history: Every query, or every evaluation where nothing was queried; values are in their
            own unit, as they were measured.
        front: The best trades between the optimizer's objectives; empty where it has one.
        measured: Dataset, metric and value of all that the benchmark holds of the best.
        computed: Number of scores computed; the others were in the store.
        folder: The run folder, or None where none is kept.
    """

    best: Query
    history: tuple[Query, ...]
    front: tuple[Query, ...]
    measured: tuple[tuple[str, str, float], ...]
    computed: int
    folder: Path | None

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the best that was found."""
        best = self.best
        measured = [
            (f"{dataset}, {metric}", f"{value:.2f}") for dataset, metric, value in self.measured
        ]
        lines = [
            ("architecture", best.architecture),
            ("fitness", f"{best.fitness:.6g}"),
            ("multiply-accumulates", f"{best.macs:,}"),
            *measured,
        ]
        caption = f"Best of {len(self.history):,}, number {best.number:,}"
        return notebook_table(caption, ("what", "value"), lines)


def run_evolve(
    config: EvolveConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Evolution:
    """Search, look the best up, write and draw.

    A search is repeated, not restored: scores that the folder holds are not computed again, and
    all else follows from the seed, so that an interrupted search ends as an uninterrupted one, and
    one that is extended as one that was that long from the start.

    Args:
        config: What to do.
        executor: Where predictors that run networks are evaluated; by default
            ``config.workers`` processes. The caller shuts it down.
        progress: Told how far the predictor is.

    Raises:
        ConfigError: See :class:`~naslib_proxydata.assemble.problem.Problem`, which also says
            what else is refused before anything is written.
        RunFolderError: The run folder cannot be used or written.
        SearchError: Nothing was found that may be proposed.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _with_settled_files(resolved(config))
    with threads_used(config.threads):
        problem = Problem(config, plugins)
        with opened_folder(config, (HISTORY, FRONT, RESULT, TRAININGS)) as folder:
            with ScoreStore(folder.scores) as store, workers_of(config, executor) as pool:
                scores = StoredScores(store, pool, progress)
                trained = _trained_values(problem, folder, pool, progress)
                history = _searched(problem, scores, folder, trained)
            found = _found(problem, history, scores.computed, folder.path)
            _write(folder, problem, found, environment(config, plugins), told_transient(store))
    return found


def _found(problem: Problem, history: Sequence[Query], computed: int, folder: Path) -> Evolution:
    """Return the best of a history, and all that is known of it.

    A labelled architecture of the user's own is trained already: it is the best only where there
    is no other.
    """
    given = {problem.domain.key(architecture) for architecture, _ in problem.given}
    new = [query for query in history if query.hash not in given]
    best = max(new or history, key=lambda query: query.fitness)
    return Evolution(
        problem.reported([best])[0],
        tuple(problem.reported(history)),
        tuple(problem.reported(problem.optimizer.front(history))),
        problem.looked_up(best.architecture),
        computed,
        folder,
    )


def _with_settled_files(config: EvolveConfig) -> EvolveConfig:
    """Return the configuration as it can be run from any folder, on files that have not changed."""
    update: dict[str, Any] = {}
    if config.benchmark is not None:
        (update["benchmark"],), hashes = settled(config, (config.benchmark,))
        update |= hashes
    if config.label_table is not None:
        update["label_table"] = expanded(config.label_table).resolve()
    return config.model_copy(update=update)


def _trained_values(
    problem: Problem, folder: RunFolder, pool: Executor, progress: Progress | None
) -> TrainedValues | None:
    """Return what trains the queries, None where they are looked up."""
    if not problem.trains:
        return None
    return TrainedValues(problem.config, problem.space, folder, pool, progress)


def _searched(
    problem: Problem, scores: StoredScores, folder: RunFolder, trained: TrainedValues | None
) -> Sequence[Query]:
    """Search and return every query, or every evaluation where there is none."""
    config = problem.config
    true = (
        TrueFitness(problem.domain, problem.measure, problem.given)
        if trained is None
        else TrueFitness(problem.domain, trained.measure, problem.given, trained.ahead)
    )
    if problem.predictor is None:
        search_by_value(problem.begin(0), true, config.queries)
        return true.queries
    predicted = _predicted(problem, scores)
    if config.queries == 0:
        if problem.given:
            predicted.learn(list(true.architectures.values()), list(true.values.values()))
        best = true.best(len(problem.given))
        return search_by_score(problem.begin(1, best), predicted, config.evaluations)

    def keep_history() -> bool:
        folder.write(HISTORY, history_csv(problem.reported(true.queries)))
        return False

    search_with_predictor(
        problem.begin,
        predicted,
        true,
        Budget(config.queries, config.evaluations, problem.labels, config.per_round),
        numpy_generator(config.seed, "search", "labels"),
        keep_history,
    )
    return true.queries


def _predicted(problem: Problem, scores: StoredScores) -> PredictedFitness[Any]:
    """Return the predictor as a fitness whose scores are stored."""
    setup, predictor = problem.setup, problem.predictor
    assert setup is not None
    assert predictor is not None
    title = f"{problem.config.space} {setup.predictor} (seed {setup.seed})"
    unfitted = setup.create()

    def stored(architectures: Sequence[Any]) -> Sequence[Any]:
        texts = [problem.space.text(architecture) for architecture in architectures]
        return scores.get(setup, unfitted, texts, title)

    name, generator = (
        problem.config.acquisition,
        numpy_generator(problem.config.seed, "acquisition"),
    )
    return PredictedFitness(
        predictor, stored, None if name is None else acquisition_of(name, generator)
    )


def _write(
    folder: RunFolder, problem: Problem, found: Evolution, env: dict[str, Any], note: str
) -> None:
    """Write every file of the run folder but the scores and the configuration.

    The note ends the report.
    """
    config = problem.config
    title = f"{config.space}, {problem.optimizer.name}, seed {config.seed}"
    label = plain(problem.fitness_label)
    folder.write(HISTORY, history_csv(found.history))
    if found.front:
        folder.write(FRONT, history_csv(found.front))
    folder.write_json("env.json", env)
    folder.write_json(RESULT, _result(problem, found, env))
    folder.draw("history", plots.draw_history(found.history, title, label))
    if found.front:
        folder.draw("front", plots.draw_front(found.history, found.front, title, label))
    summary = _summary(problem, found, env)
    folder.write("summary.md", f"{summary}\n{note}\n" if note else summary)
    write_page(folder)


def _result(problem: Problem, found: Evolution, env: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was searched, by what, and the best, as plain data."""
    config, optimizer, table = problem.config, problem.optimizer, problem.table
    dataset, metric = problem.column
    measured = [
        {"dataset": dataset, "metric": metric, "value": value}
        for dataset, metric, value in found.measured
    ]
    return {
        "space": config.space,
        "benchmark": None if table is None else table.name,
        "dataset": dataset or None,
        "metric": metric or None,
        "cells": config.subset,
        "optimizer": {"name": optimizer.name, **optimizer.settings()},
        "predictor": None if config.predictor is None else config.predictor.model_dump(mode="json"),
        "queries": config.queries,
        "evaluations": config.evaluations,
        "seed": config.seed,
        "best": _finite(asdict(found.best)),
        "measured": measured,
        "versions": {"python": env["python"], **env["packages"], **env["plugins"]},
    }


def _finite(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the numbers that JSON does not know."""
    return {
        key: value
        for key, value in numbers.items()
        if not isinstance(value, float) or math.isfinite(value)
    }


def _summary(problem: Problem, found: Evolution, env: Mapping[str, Any]) -> str:
    """Return the report."""
    config, best = problem.config, found.best
    what = "true queries" if config.queries else "evaluated architectures"
    lines = [
        f"# {config.space}: {problem.optimizer.name}",
        "",
        f"{len(found.history)} {what}, {problem.fitness_label}, seed {config.seed}. Best, number "
        f"{best.number}: {best.fitness:.6g}, {best.macs:,} MACs:",
        "",
        f"    {best.architecture}",
        "",
        *(f"- {dataset}, {metric}: {value:.2f}" for dataset, metric, value in found.measured),
        "",
    ]
    if found.front:
        lines += [f"The front of {len(found.front)} best trades is in {FRONT}.", ""]
    return "\n".join(map(one_line, [*lines, provenance(env), ""]))
