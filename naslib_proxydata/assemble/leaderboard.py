"""The leaderboard: from a configuration to rows, figures and a folder to keep."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from naslib_proxydata.assemble.columns import metric_columns
from naslib_proxydata.assemble.pages import ABSENT, write_page
from naslib_proxydata.assemble.tables import settled
from naslib_proxydata.assemble.tasks import Task, find_tasks
from naslib_proxydata.config.leaderboard import (
    ALWAYS_SHOWN,
    SHOWN_WITH_LABELS,
    LeaderboardConfig,
)
from naslib_proxydata.errors import ConfigError, PluginError
from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.architectures import ARCHITECTURES, architectures_csv
from naslib_proxydata.leaderboard.columns import MetricColumn, problems
from naslib_proxydata.leaderboard.labels import Positions, draw_labels, mean_evaluation
from naslib_proxydata.leaderboard.long_form import LONG, long_csv, long_results
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.leaderboard.rows import (
    FEWEST_RANKED,
    Comparison,
    Evaluation,
    Row,
    make_evaluation,
    mean_seconds,
    too_few,
)
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import LearningPredictor
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.executors import Progress, one_thread
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.scores import StoredScores, told_transient
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    checked_predictor,
    load_plugins,
    options_json,
    registered_name,
    with_sources,
)
from naslib_proxydata.runs.start import opened_folder, resolved, workers_of
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.tables.label_file import read_labels
from naslib_proxydata.tables.sources import written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
    from naslib_proxydata.spaces.base import SearchSpace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leaderboard:
    """What a finished run returns, and has written to its folder.

    Attributes:
        rows: One per benchmark, dataset, seed and predictor.
        absent: What was asked for and cannot be had.
        computed: Number of scores computed; the others were in the store.
        folder: The run folder, or None where nothing was kept.
        columns: Metrics beside those of every row, which :attr:`Row.metrics` holds by label.
    """

    rows: tuple[Row, ...]
    absent: tuple[Absent, ...]
    computed: int
    folder: Path | None
    columns: tuple[MetricColumn, ...] = ()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts of plain values by column, as ``pandas.DataFrame`` takes them.

        The columns are those of ``summary.csv``; what is not defined is nan.
        """
        return [row.plain() for row in self.rows]

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the rows of each task, best first."""
        header = ("task", "predictor", "seed", "n", "Spearman [95 %]", "Kendall", "top 10 %")
        lines = [
            (
                *(f"{row.benchmark}: {row.dataset}", row.predictor, row.seed, row.n),
                *(report.spearman_cell(row), report.number(row.kendall), report.top10_cell(row)),
            )
            for rows in report.by_task(self.rows).values()
            for row in report.best_first(rows)
        ]
        note = f"{len(self.absent):,} tasks are absent." if self.absent else ""
        return notebook_table("Leaderboard", header, lines, note)


def run_leaderboard(
    config: LeaderboardConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Leaderboard:
    """Score, rank and report; what the run folder holds already is not computed again.

    Whatever can be known to be wrong is refused before the first score, and before the run folder
    is touched.

    Args:
        config: What to do.
        executor: Where predictors that run networks are evaluated, any executor; by default
            ``config.workers`` processes. The caller shuts it down.
        progress: Told how far each predictor is.

    Raises:
        ConfigError: A name, an option, a device or a number of labels does not fit.
        DatasetError: The images are not there, or fewer than a predictor needs.
        LabelError: The label table cannot be used.
        TableError: A benchmark's file is absent or damaged, or lacks what is to be ranked.
        RunFolderError: The run folder cannot be written, or belongs to another run.
        PluginError: A plugin failed. Scores that were computed before are kept; where it was a
            metric, every file is written before, with nan in its column.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _with_settled_tables(resolved(_with_rows_always_shown(config, plugins)))
    columns = metric_columns(config, plugins)
    tasks, absent = find_tasks(config, plugins)
    scoring = _Scoring(config, plugins, tasks, columns)
    with opened_folder(config) as folder:
        with ScoreStore(folder.scores) as store, workers_of(config, executor) as pool:
            scores = StoredScores(store, pool, progress)
            evaluations = list(scoring.run(scores))
        rows = tuple(evaluation.row for evaluation in evaluations)
        board = Leaderboard(rows, tuple(absent), scores.computed, folder.path, columns)
        _write(folder, config, plugins, board, evaluations, told_transient(store))
    _refuse_bad_metrics(board)
    return board


def _refuse_bad_metrics(board: Leaderboard) -> None:
    """Tell what metrics did wrong, now that everything else is written."""
    found = problems(board.columns)
    if found:
        raise PluginError(
            f"{'; '.join(found)}. Its column is empty; all scores and other columns are in "
            f"{board.folder}. Put the metric right and run the same command again, which "
            "computes no score anew"
        )


class _OwnLabels(NamedTuple):
    """Labelled architectures of the user's own.

    Attributes:
        texts: The architectures.
        accuracies: What they are worth.
        rest: Positions of the drawn architectures that are not among them.
    """

    texts: Sequence[str]
    accuracies: Sequence[float]
    rest: Sequence[int]


class _ScoredLabels(NamedTuple):
    """Labelled architectures of the user's own with their scores; see :class:`_OwnLabels`."""

    scores: Sequence[Score]
    accuracies: Sequence[float]
    rest: Sequence[int]

    def ranked(
        self,
        predictor: Predictor[Any],
        scores: Sequence[Score],
        values: NDArray[np.float64],
        comparison: Comparison,
        columns: Sequence[MetricColumn],
        texts: Sequence[str],
    ) -> Evaluation:
        """Rank what is not labelled."""
        import numpy as np

        if isinstance(predictor, LearningPredictor):
            predictor.fit(self.scores, np.array(self.accuracies, dtype=np.float64))
        ranked = predictor.aggregate([scores[place] for place in self.rest])
        rest = values[np.array(self.rest, dtype=int)]
        unlabelled = [texts[place] for place in self.rest]
        evaluation = make_evaluation(ranked, rest, comparison, columns, unlabelled)
        row = replace(evaluation.row, labels=len(self.accuracies))
        return replace(evaluation, row=row)


class _Drawn(NamedTuple):
    """What one task ranks with one seed, for all predictors.

    Attributes:
        rows: Of the task's table.
        labelled: Labels of the user's own.
        ceilings: The noise ceiling of each column on these rows.
    """

    rows: NDArray[np.int64]
    labelled: _OwnLabels | None
    ceilings: Mapping[tuple[str, str], float]


class _Scoring:
    """One pass over tasks, seeds and predictors; all that can be wrong is found when it is made."""

    def __init__(
        self,
        config: LeaderboardConfig,
        plugins: Plugins,
        tasks: Sequence[Task],
        columns: Sequence[MetricColumn],
    ) -> None:
        self.config = config
        self.plugins = plugins
        self.columns = columns
        self.predictors = [
            (task, setup, label, checked_predictor(setup))
            for task in tasks
            for label, setup in self._setups(task)
        ]
        self.drawn = {
            seed: {id(task): self._draw(task, seed) for task in tasks} for seed in config.seed
        }

    def run(self, scores: StoredScores) -> Iterable[Evaluation]:
        """Yield an evaluation per dataset, seed and predictor."""
        for seed in self.config.seed:
            drawn = self.drawn[seed]
            for task, setup, label, predictor in self.predictors:
                seeded = replace(setup, seed=seed)
                yield from self._evaluate(task, drawn[id(task)], label, seeded, predictor, scores)

    def _setups(self, task: Task) -> Iterable[tuple[str, PredictorSetup]]:
        config = self.config
        for label, options in config.predictors.items():
            setup = PredictorSetup(
                plugin_files=config.plugin,
                space=task.table.space,
                predictor=registered_name(self.plugins, label, options),
                options=options_json(label, options),
                images=config.images,
                image_size=config.image_size,
                seed=config.seed[0],
                device=config.device,
                num_classes=config.num_classes,
                threads=config.threads,
                no_plugin=config.no_plugin,
            )
            yield label, with_sources(setup, (written(task.table),), config.data_root, task.turned)

    def _has_labels(self) -> bool:
        return bool(self.config.labels or self.config.label_table)

    def _draw(self, task: Task, seed: int) -> _Drawn:
        """Draw the architectures of a task, and refuse labels that leave nothing to rank."""
        config = self.config
        sample_seed = seed if config.sample_seed is None else config.sample_seed
        rows = task.draw(config.n, sample_seed)
        for dataset, metric in task.columns if config.labels else ():
            draw_labels(task.values(dataset, metric, rows), config.labels, 1, 0, task.name, dataset)
        _tell_of_too_few(task, rows, config.labels)
        ceilings = {column: task.noise_ceiling(*column, rows) for column in task.columns}
        return _Drawn(rows, self._own_labels(task, rows), ceilings)

    def _own_labels(self, task: Task, rows: NDArray[np.int64]) -> _OwnLabels | None:
        """Return the labels of the user's file, and which of the drawn architectures are others."""
        file = self.config.label_table
        if file is None:
            return None
        space: SearchSpace[Any] = self.plugins.create("spaces", task.table.space)
        labels = read_labels(file, space, fewest=FEWEST_LABELS)
        known = {space.hash(architecture) for architecture in labels.architectures}
        rest = [
            place
            for place, text in enumerate(task.texts(rows))
            if space.hash(space.parse(text)) not in known
        ]
        if len(rest) < 2:
            raise ConfigError(
                f"{file} holds all but {len(rest)} of the {len(rows)} drawn architectures; take "
                "a larger --n, so that there is something to rank"
            )
        texts = [space.text(architecture) for architecture in labels.architectures]
        return _OwnLabels(texts, labels.accuracies, rest)

    def _evaluate(
        self,
        task: Task,
        drawn: _Drawn,
        label: str,
        setup: PredictorSetup,
        predictor: Predictor[Any],
        stored: StoredScores,
    ) -> Iterable[Evaluation]:
        """Score the drawn architectures once and rank them on every dataset of the task."""
        scoring_task = setup.task(predictor)
        if isinstance(predictor, LearningPredictor) and self._has_labels():
            predictor.prepare(scoring_task)  # to learn it may have to score
        title = f"{task.name} {label} (seed {setup.seed})"
        texts = task.texts(drawn.rows)
        scores = stored.get(setup, predictor, texts, title)
        own = self._scored_labels(drawn.labelled, setup, predictor, stored)
        computed = list({id(score): score for score in scores}.values())  # shared ones once
        for dataset, metric in task.columns:
            predictor.set_target(dataset)
            comparison = Comparison(
                registered_name=setup.predictor,
                benchmark=task.name,
                dataset=dataset,
                metric=metric,
                predictor=label,
                seed=setup.seed,
                seconds_per_architecture=mean_seconds(computed),
                device=setup.device,
                images=_images_used(predictor, scoring_task),
                label=task.table.label,
                source=task.table.source,
                noise_ceiling=drawn.ceilings[dataset, metric],
                cells=self.config.subset,
                family=task.family,
                note=task.caveat,
                sources=", ".join(predictor.knows(scores)),
            )
            values = task.values(dataset, metric, drawn.rows)
            if own is None:
                yield self._ranked(predictor, scores, values, comparison, texts)
            else:
                yield own.ranked(predictor, scores, values, comparison, self.columns, texts)

    def _scored_labels(
        self,
        labelled: _OwnLabels | None,
        setup: PredictorSetup,
        predictor: Predictor[Any],
        stored: StoredScores,
    ) -> _ScoredLabels | None:
        """Score the labelled architectures of the user's file."""
        file = self.config.label_table
        if file is None or labelled is None:
            return None
        title = f"{file.name} {setup.predictor}"
        scores = stored.get(setup, predictor, labelled.texts, title)
        return _ScoredLabels(scores, labelled.accuracies, labelled.rest)

    def _ranked(
        self,
        predictor: Predictor[Any],
        scores: Sequence[Score],
        values: NDArray[np.float64],
        comparison: Comparison,
        texts: Sequence[str],
    ) -> Evaluation:
        """Rank all architectures, or those that are left of each draw of labelled ones."""
        config = self.config
        if not config.labels:
            ranked = predictor.aggregate(scores)
            return make_evaluation(ranked, values, comparison, self.columns, texts)

        def rank(labelled: Positions, rest: Positions) -> NDArray[np.float64]:
            with one_thread():
                if isinstance(predictor, LearningPredictor):
                    predictor.fit([scores[int(index)] for index in labelled], values[labelled])
                return predictor.aggregate([scores[int(index)] for index in rest])

        named = (comparison.benchmark, comparison.dataset)
        draws = draw_labels(values, config.labels, config.draws, config.label_seed, *named)
        return mean_evaluation(rank, values, draws, comparison, self.columns, texts)


def _tell_of_too_few(task: Task, rows: NDArray[np.int64], labels: int) -> None:
    """Say in the log, before anything is scored, which rankings will have no figure."""
    import numpy as np

    for dataset, metric in task.columns:
        n = int(np.isfinite(task.values(dataset, metric, rows)).sum()) - labels
        if n < FEWEST_RANKED:
            _log.warning("%s %s: %s", task.name, dataset, too_few(n))


def _images_used(predictor: Predictor[Any], task: ScoringTask[Any]) -> str:
    """Return source, number and shape of the images that a predictor looks at."""
    if predictor.images_needed == 0:
        return "none"
    shape = "x".join(str(length) for length in task.images.pixels.shape)
    return f"{task.images.source} {shape}"


def _with_rows_always_shown(config: LeaderboardConfig, plugins: Plugins) -> LeaderboardConfig:
    """Return the configuration with the predictors that every leaderboard has.

    One of them that the user has named, with options or without, stays as it is.
    """
    always = ALWAYS_SHOWN + (SHOWN_WITH_LABELS if config.labels or config.label_table else ())
    named = {
        registered_name(plugins, label, options) for label, options in config.predictors.items()
    }
    added: dict[str, dict[str, Any]] = {name: {} for name in always if name not in named}
    return config.model_copy(update={"predictors": {**config.predictors, **added}})


def _with_settled_tables(config: LeaderboardConfig) -> LeaderboardConfig:
    """Return the configuration with the user's own tables by absolute path and hash."""
    sources, hashes = settled(config, config.benchmark)
    return config.model_copy(update={"benchmark": sources, **hashes})


def _write(
    folder: RunFolder,
    config: LeaderboardConfig,
    plugins: Plugins,
    board: Leaderboard,
    evaluations: Sequence[Evaluation],
    note: str,
) -> None:
    """Write every file of the run folder but the scores and the configuration.

    The note ends the report.
    """
    env = environment(config, plugins)
    folder.write_json("env.json", env)
    folder.write("summary.csv", report.summary_csv(board.rows))
    plots = _draw(folder, evaluations)
    text = report.summary_markdown(board.rows, board.absent, plots, env, board.columns)
    folder.write("summary.md", f"{text}\n{note}\n" if note else text)
    folder.write(ARCHITECTURES, architectures_csv(evaluations))
    folder.write(LONG, long_csv(long_results(board.rows)))
    folder.write(ABSENT, report.absent_csv(board.absent))
    write_page(folder)


def _draw(folder: RunFolder, evaluations: Sequence[Evaluation]) -> list[str]:
    """Draw every figure and return their names within the folder."""
    from naslib_proxydata.leaderboard import plots

    names: list[str] = []
    tasks: set[str] = set()
    for rows in report.by_task(evaluation.row for evaluation in evaluations).values():
        task = f"{rows[0].benchmark}_{rows[0].dataset}".replace(":", "-")
        if task.casefold() in tasks:  # two columns may differ in signs, or in case alone
            task += f"-{len(names)}"
        tasks.add(task.casefold())
        names.append(folder.draw(f"spearman_{task}", plots.draw_spearman(rows)))
        names.append(folder.draw(f"cost_{task}", plots.draw_cost(rows)))
        for seed in dict.fromkeys(row.seed for row in rows):
            seeded = [each for each in evaluations if each.row in rows and each.row.seed == seed]
            if len(seeded[0].scores) > 0:
                figure = plots.scores_figure(seeded)
                names.append(folder.draw(f"scores_{task}_seed{seed}", figure))
    return names
