"""The leaderboard: from a configuration to rows, figures and a folder to keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from naslib_proxydata.assemble.tasks import Task, find_tasks
from naslib_proxydata.config.leaderboard import (
    ALWAYS_SHOWN,
    SHOWN_WITH_LABELS,
    LeaderboardConfig,
)
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.labels import Positions, draw_labels, mean_evaluation
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.leaderboard.rows import (
    Evaluation,
    Row,
    Subject,
    make_evaluation,
    mean_seconds,
)
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import LearningPredictor
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.executors import Progress, one_thread
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.scores import StoredScores
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    load_plugins,
    options_json,
    registered_name,
)
from naslib_proxydata.runs.start import opened_folder, resolved, workers_of
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.tables.label_file import read_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
    from naslib_proxydata.spaces.base import SearchSpace


@dataclass(frozen=True)
class Leaderboard:
    """What a finished run returns, and has written to its folder.

    Attributes:
        rows: One per benchmark, dataset, seed and predictor.
        absent: What was asked for and cannot be had.
        computed: Number of scores computed; the others were in the store.
        folder: The run folder.
    """

    rows: tuple[Row, ...]
    absent: tuple[Absent, ...]
    computed: int
    folder: Path


def run_leaderboard(
    config: LeaderboardConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Leaderboard:
    """Score, rank and report; what the run folder holds already is not computed again.

    Args:
        config: What to do.
        executor: Where predictors that run networks are evaluated, any executor; by default
            ``config.workers`` processes. The caller shuts it down.
        progress: Told how far each predictor is.

    Raises:
        ProxyDataError: Something is to be put right by the user; scores that were computed
            before are kept.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = resolved(_with_rows_always_shown(config, plugins))
    tasks, absent = find_tasks(config, plugins)
    folder = opened_folder(config)
    with ScoreStore(folder.scores) as store, workers_of(config, executor) as pool:
        scores = StoredScores(store, pool, progress)
        evaluations = list(_Scoring(config, plugins, scores).run(tasks))
    rows = tuple(one.row for one in evaluations)
    _write(folder, config, plugins, evaluations, absent)
    return Leaderboard(rows, tuple(absent), scores.computed, folder.path)


class _Given(NamedTuple):
    """Labelled architectures of the user's own, and the positions of what they do not hold."""

    scores: Sequence[Score]
    accuracies: Sequence[float]
    rest: Sequence[int]

    def ranked(
        self,
        predictor: Predictor[Any],
        scores: Sequence[Score],
        values: NDArray[np.float64],
        subject: Subject,
    ) -> Evaluation:
        """Rank what is not labelled."""
        import numpy as np

        if isinstance(predictor, LearningPredictor):
            predictor.fit(self.scores, np.array(self.accuracies, dtype=np.float64))
        ranked = predictor.aggregate([scores[place] for place in self.rest])
        evaluation = make_evaluation(ranked, values[np.array(self.rest, dtype=int)], subject)
        row = replace(evaluation.row, labels=len(self.accuracies))
        return replace(evaluation, row=row)


class _Scoring:
    """One pass over tasks, seeds and predictors."""

    def __init__(
        self,
        config: LeaderboardConfig,
        plugins: Plugins,
        scores: StoredScores,
    ) -> None:
        self.config = config
        self.plugins = plugins
        self.scores = scores

    def run(self, tasks: Sequence[Task]) -> Iterable[Evaluation]:
        """Yield an evaluation per dataset, seed and predictor."""
        predictors = [
            (task, setup, label, setup.create())
            for task in tasks
            for label, setup in self._setups(task)
        ]  # all created first, so that a wrong option stops the run before it has cost time
        for seed in self.config.seed:
            sample_seed = seed if self.config.sample_seed is None else self.config.sample_seed
            chosen = {id(task): task.draw(self.config.n, sample_seed) for task in tasks}
            for task, setup, label, predictor in predictors:
                seeded = replace(setup, seed=seed)
                yield from self._evaluate(task, chosen[id(task)], label, seeded, predictor)

    def _setups(self, task: Task) -> Iterable[tuple[str, PredictorSetup]]:
        config = self.config
        for label, options in config.predictors.items():
            yield (
                label,
                PredictorSetup(
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
                ),
            )

    def _has_labels(self) -> bool:
        return bool(self.config.labels or self.config.label_table)

    def _evaluate(
        self,
        task: Task,
        chosen: NDArray[np.int64],
        label: str,
        setup: PredictorSetup,
        predictor: Predictor[Any],
    ) -> Iterable[Evaluation]:
        """Score the chosen architectures once and rank them on every dataset of the task."""
        scoring_task = setup.task(predictor)
        if isinstance(predictor, LearningPredictor) and self._has_labels():
            predictor.prepare(scoring_task)  # to learn it may have to score
        texts = task.table.architectures()
        title = f"{task.table.name} {label} (seed {setup.seed})"
        drawn = [texts[int(row)] for row in chosen]
        scores = self.scores.get(setup, predictor, drawn, title)
        given = self._given(setup, predictor, scoring_task.space, drawn)
        computed = list({id(score): score for score in scores}.values())  # shared ones once
        for dataset, metric in task.columns:
            subject = Subject(
                registered_name=setup.predictor,
                benchmark=task.table.name,
                dataset=dataset,
                metric=metric,
                predictor=label,
                seed=setup.seed,
                seconds_per_architecture=mean_seconds(computed),
                device=setup.device,
                images=_images_used(predictor, scoring_task),
                label=task.table.label,
                source=task.table.source,
            )
            values = task.table.values(dataset, metric)[chosen]
            if given is None:
                yield self._ranked(predictor, scores, values, subject)
            else:
                yield given.ranked(predictor, scores, values, subject)

    def _given(
        self,
        setup: PredictorSetup,
        predictor: Predictor[Any],
        space: SearchSpace[Any],
        drawn: Sequence[str],
    ) -> _Given | None:
        """Return the labels of the user's file, and which of the drawn architectures are others."""
        file = self.config.label_table
        if file is None:
            return None
        labels = read_labels(file, space, fewest=FEWEST_LABELS)
        texts = [space.text(one) for one in labels.architectures]
        known = {space.hash(one) for one in labels.architectures}
        rest = [
            place for place, text in enumerate(drawn) if space.hash(space.parse(text)) not in known
        ]
        if len(rest) < 2:
            raise ConfigError(
                f"{file} holds all but {len(rest)} of the {len(drawn)} drawn architectures; take "
                "a larger --n, so that there is something to rank"
            )
        scores = self.scores.get(setup, predictor, texts, f"{file.name} {setup.predictor}")
        return _Given(scores, labels.accuracies, rest)

    def _ranked(
        self,
        predictor: Predictor[Any],
        scores: Sequence[Score],
        values: NDArray[np.float64],
        subject: Subject,
    ) -> Evaluation:
        """Rank all architectures, or those that are left of each draw of labelled ones."""
        config = self.config
        if not config.labels:
            return make_evaluation(predictor.aggregate(scores), values, subject)

        def rank(labelled: Positions, rest: Positions) -> NDArray[np.float64]:
            with one_thread():
                if isinstance(predictor, LearningPredictor):
                    predictor.fit([scores[int(index)] for index in labelled], values[labelled])
                return predictor.aggregate([scores[int(index)] for index in rest])

        named = (subject.benchmark, subject.dataset)
        draws = draw_labels(values, config.labels, config.draws, config.label_seed, *named)
        return mean_evaluation(rank, values, draws, subject)


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
    named = {registered_name(plugins, *one) for one in config.predictors.items()}
    added: dict[str, dict[str, Any]] = {name: {} for name in always if name not in named}
    return config.model_copy(update={"predictors": {**config.predictors, **added}})


def _write(
    folder: RunFolder,
    config: LeaderboardConfig,
    plugins: Plugins,
    evaluations: Sequence[Evaluation],
    absent: Sequence[Absent],
) -> None:
    """Write every file of the run folder but the scores and the configuration."""
    rows = [one.row for one in evaluations]
    env = environment(config, plugins)
    folder.write_json("env.json", env)
    folder.write("summary.csv", report.summary_csv(rows))
    plots = _draw(folder, evaluations)
    folder.write("summary.md", report.summary_markdown(rows, absent, plots, env))


def _draw(folder: RunFolder, evaluations: Sequence[Evaluation]) -> list[str]:
    """Draw every figure and return their names within the folder."""
    from naslib_proxydata.leaderboard import plots

    names = []

    def keep(figure: Any, *parts: object) -> None:
        names.append(folder.draw("_".join(str(part) for part in parts), figure))

    for rows in report.by_task(one.row for one in evaluations).values():
        first = rows[0]
        keep(plots.spearman_figure(rows), "spearman", first.benchmark, first.dataset)
        keep(plots.cost_figure(rows), "cost", first.benchmark, first.dataset)
        for seed in dict.fromkeys(row.seed for row in rows):
            mine = [one for one in evaluations if one.row in rows and one.row.seed == seed]
            if len(mine[0].scores) > 0:
                keep(
                    plots.scores_figure(mine),
                    *("scores", first.benchmark, first.dataset, f"seed{seed}"),
                )
    return names
