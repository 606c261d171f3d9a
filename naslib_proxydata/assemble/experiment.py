"""An experiment: from one file to a grid of searches, each a run folder, and one table of them."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from naslib_proxydata.assemble.architectures import RESULT
from naslib_proxydata.assemble.experiment_report import table_lines, write_report
from naslib_proxydata.assemble.experiment_scores import check_scoring, going_by, scores_of, scoring
from naslib_proxydata.assemble.experiment_training import (
    RANDOM,
    TRAININGS,
    accuracy_in,
    random_training,
    train_with,
    trained_value,
    training_of,
)
from naslib_proxydata.assemble.outcomes import (
    Outcome,
    RowSummary,
    Statistic,
    csv_text,
    outcome_of,
    summarised,
)
from naslib_proxydata.assemble.over_random import improvement_over_random, random_mean
from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.published import Published, read_published
from naslib_proxydata.assemble.search import RESULTS as SEARCH_RESULTS
from naslib_proxydata.assemble.search import (
    along,
    check_search,
    named_strategy,
    refuse_other_selection,
    run_search,
    space_tables,
    stored_search,
)
from naslib_proxydata.assemble.select import check_select, finished_selection, run_select
from naslib_proxydata.assemble.train import check_train, holds_training
from naslib_proxydata.config import (
    ExperimentConfig,
    ExperimentFile,
    SearchConfig,
    SelectConfig,
    TrainConfig,
)
from naslib_proxydata.config.experiment import TRAJECTORIES, Change, Column, read_experiment
from naslib_proxydata.config.grid import (
    PlannedRow,
    chosen_scale,
    planned_rows,
    planned_scores,
    wanted_rows,
)
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import (
    ConfigError,
    ProxyDataError,
    RunFolderError,
    SearchError,
    TableAbsentError,
    TableError,
    unknown_name,
)
from naslib_proxydata.files import expanded
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.executors import Progress, completed
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import holds_run, opened_folder, resolved, workers_of
from naslib_proxydata.runs.workers import LostCallError
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.oneshot.supernets.base import Supernet
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.tables.base import BenchmarkTable

_log = logging.getLogger(__name__)

SEARCHES, SELECTIONS, SCORES = "searches", "selections", "scores"
RESULTS = ("results.csv", "table.csv", "summarised.csv")
SHARED = "shared"
"""The folder of the selections where all rows train on the same."""
NOT_RUN = "not run yet"

Config = TypeVar("Config", SearchConfig, SelectConfig, TrainConfig)


class PlannedSearch(NamedTuple):
    """One search, and what is made before and after it.

    Attributes:
        row: Its row.
        seed: Its seed.
        search: The search.
        select: The selection that it trains on.
        scores: What makes the scores that it prunes by.
        train: How its cell is trained; None where no column asks for that.
        random: How random architectures are trained to compare with, by their number.
    """

    row: PlannedRow
    seed: int
    search: SearchConfig
    select: SelectConfig | None
    scores: SelectConfig | None = None
    train: TrainConfig | None = None
    random: Mapping[int, TrainConfig] = {}

    @property
    def trainings(self) -> tuple[TrainConfig, ...]:
        """The trainings of its cell and of the random architectures beside it."""
        return () if self.train is None else (self.train, *self.random.values())


@dataclass(frozen=True)
class Plan:
    """All that an experiment is going to do.

    Attributes:
        config: What was asked for, resolved.
        file: The experiment file.
        rows: The rows that are wanted.
        searches: One for each row and seed.
        published: Figures of the paper.
        tables: By space, where its columns are looked up; empty before they are checked.
    """

    config: ExperimentConfig
    file: ExperimentFile
    rows: tuple[PlannedRow, ...]
    searches: tuple[PlannedSearch, ...]
    published: Published
    tables: Mapping[str, Sequence[BenchmarkTable]] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of each row."""
        return tuple(dict.fromkeys(one.seed for one in self.searches))


@dataclass(frozen=True)
class Experiment:
    """A finished experiment.

    Attributes:
        title: Of the file.
        columns: What was looked up.
        outcomes: One for each row and seed.
        rows: The lines of the table.
        published: Figures of the paper by row, dataset and metric.
        folder: The folder of the experiment, or None where none is kept.
    """

    title: str
    columns: tuple[Column, ...]
    outcomes: tuple[Outcome, ...]
    rows: tuple[RowSummary, ...]
    published: Published
    folder: Path | None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The searches that failed, with their reasons."""
        return tuple(one for one in self.outcomes if one.reason)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the table as dicts of plain values by column, as ``table.csv`` has it."""
        return table_lines(self.rows, self.columns, self.published, None)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: mean and standard deviation of each row."""
        names = [column.name for column in self.columns]
        lines = [
            (row.label, row.searches, *(_told(row.statistics[name]) for name in names))
            for row in self.rows
        ]
        note = f"{len(self.failed):,} searches failed." if self.failed else ""
        return notebook_table(self.title or "Experiment", ("row", "searches", *names), lines, note)


def _told(one: Statistic) -> str:
    """Return mean and standard deviation, as far as they are defined."""
    sd = "" if math.isnan(one.sd) else f" ({one.sd:.2f})"
    return "–" if math.isnan(one.mean) else f"{one.mean:.2f}{sd}"


def run_experiment(
    config: ExperimentConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Experiment:
    """Run the searches of an experiment that are not finished yet, and make one table of all.

    Args:
        config: What to do.
        executor: Where searches run, any executor; by default ``config.workers`` processes. The
            caller shuts it down.
        progress: Told how many selections and searches are there.

    Raises:
        ProxyDataError: Something of the file, of a search or of a folder is wrong. All that can
            be known is told before the first search; one that fails later is recorded, and the
            others go on.
    """
    plan = checked_plan(config)
    with opened_folder(plan.config, RESULTS, (SEARCHES, SELECTIONS, SCORES, TRAININGS)) as folder:
        with workers_of(plan.config, executor) as pool:
            runs = _Runs(plan, folder, pool, progress)
            outcomes = runs.outcomes()
        experiment = _experiment(plan, outcomes, folder.path)
        _write(folder, plan, experiment)
    return experiment


# ------------------------------------------------------------------------------------ the plan


def plan_of(config: ExperimentConfig) -> Plan:
    """Return what an experiment is going to do; datasets and tables are not looked at.

    Raises:
        ProxyDataError: The file, a configuration in it or a published figure is wrong.
    """
    config = resolved(config.model_copy(update={"file": expanded(config.file).resolve()}))
    where = str(config.file)
    file = read_experiment(config.file)
    scale = chosen_scale(file, config.scale, where)
    every = planned_rows(file, scale, _given(config), where)
    rows = wanted_rows(every, config.rows, where)
    names = _selection_names(every)
    scores = planned_scores(file, scale, config.scores, where)
    searches = tuple(
        _planned(config, file, row, names[row.label], seed, scores)
        for row in rows
        for seed in dict.fromkeys(config.seed or scale.seeds)
    )
    _refuse_other_scores(searches, where)
    return Plan(config, file, rows, searches, _published(config.file, file))


def checked_plan(config: ExperimentConfig) -> Plan:
    """Return the plan after all that it needs was found to be there.

    Raises:
        ProxyDataError: A dataset, a name, an option, a column or a folder is wrong.
    """
    plan = plan_of(config)
    plugins = load_plugins(plan.config.plugin, plan.config.no_plugin)
    tables = _checked_tables(plan, plugins)
    datasets = _Datasets(plugins)
    first: dict[str, PlannedSearch] = {}
    settled: list[PlannedSearch] = []
    for one in plan.searches:
        if one.row.label not in first:
            first[one.row.label] = _settled(one, datasets)
        settled.append(_like(first[one.row.label], one))
    for one in settled:
        _refuse_others(one)
    return replace(plan, searches=tuple(settled), tables=tables)


def _given(config: ExperimentConfig) -> Change:
    """Return what the command line changes."""
    named = {} if config.dataset is None else {"dataset": config.dataset}
    return Change(search={**named, **config.search}, select=config.select, train=config.train)


def _selection_names(rows: Sequence[PlannedRow]) -> dict[str, str]:
    """Return the folder of each row's selections: one where all train on the same."""
    selecting = [row for row in rows if row.select is not None]
    names: dict[str, str] = {}
    for row in rows:
        first = next((one for one in selecting if _chosen(one) == _chosen(row)), row)
        is_shared = all(_chosen(one) == _chosen(row) for one in selecting)
        names[row.label] = SHARED if is_shared else first.folder
    return names


def _chosen(row: PlannedRow) -> Mapping[str, Any] | None:
    """Return what a row trains on: two rows share a selection where they agree in it."""
    if row.select is None:
        return None
    return {"dataset": row.search.get("dataset"), **row.select}


def _refuse_other_scores(searches: Sequence[PlannedSearch], where: str) -> None:
    """Refuse scores that rows want of different datasets, under one name."""
    first: dict[Path, PlannedSearch] = {}
    for one in searches:
        if one.scores is None:
            continue
        other = first.setdefault(one.scores.out, one)
        if other.scores != one.scores:
            raise ConfigError(
                f"{where}: rows {other.row.label!r} and {one.row.label!r} want scores "
                f"{one.scores.out.name!r} of different datasets; give each scores of its own, "
                "with their dataset"
            )


def _planned(
    config: ExperimentConfig,
    file: ExperimentFile,
    row: PlannedRow,
    name: str,
    seed: int,
    scores: Mapping[str, Mapping[str, Any]],
) -> PlannedSearch:
    where = f"experiment {config.file}, row {row.label!r}"
    if "dataset" not in row.search:
        raise ConfigError(
            f"{where}: no dataset is named; give one, such as --dataset cifar10:PATH, or "
            "search.dataset in the file"
        )
    own = {
        "seed": seed,
        "device": config.device,
        "threads": config.threads,
        "data_root": config.data_root,
        "plugin": config.plugin,
        "no_plugin": config.no_plugin,
        "overwrite": config.overwrite,
    }
    select: SelectConfig | None = None
    chosen: dict[str, Any] = {}
    images = {} if config.dataset is None else {"dataset": config.dataset}
    if row.select is not None:
        out = config.out / SELECTIONS / name / f"seed-{seed}"
        keys = {**(_chosen(row) or {}), **images}
        select = SelectConfig.parse({**keys, **own, "out": out}, f"{where}, select")
        chosen = {"selection": out}
    out = config.out / SEARCHES / row.folder / f"seed-{seed}"
    search = SearchConfig.parse({**row.search, **own, **chosen, "out": out}, f"{where}, search")
    train, random = _planned_trainings(file, row, search, own, config.out, f"{where}, train")
    named = scores_of(search, scores, f"{where}, pruner")
    if named is None:
        return PlannedSearch(row, seed, search, select, None, train, random)
    out = config.out / SCORES / named
    made = scoring({**scores[named], **images}, own, search.dataset, out, f"{where}, scores")
    return PlannedSearch(row, seed, going_by(search, out), select, made, train, random)


def _planned_trainings(
    file: ExperimentFile,
    row: PlannedRow,
    search: SearchConfig,
    own: Mapping[str, Any],
    folder: Path,
    where: str,
) -> tuple[TrainConfig | None, dict[int, TrainConfig]]:
    """Return how the cell of a search is trained, and random ones; nothing where no column asks."""
    trained = [column for column in file.columns if column.trained]
    if not trained:
        return None, {}
    shared = {key: one for key, one in own.items() if key != "seed"}
    keys = (row.train, shared)
    out = folder / TRAININGS / row.folder / f"seed-{search.seed}"
    train = training_of(*keys, search.out, out, where)
    counts = {column.over_random for column in trained if column.over_random}
    told = json.dumps([row.train, train.space or search.space], sort_keys=True, default=str)
    place = f"{RANDOM}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    random = {
        count: random_training(
            *keys, search.space, count, folder / TRAININGS / f"{place}-{count}", where
        )
        for count in sorted(counts)
    }
    return train, random


def _published(path: Path, file: ExperimentFile) -> Published:
    if file.published is None:
        return {}
    figures = path.parent / expanded(file.published.file)
    return read_published(figures, file.published.experiment, file.published.rows)


def _settled(one: PlannedSearch, datasets: _Datasets) -> PlannedSearch:
    """Return a search as its folders keep it, after it was found that it can begin."""
    try:
        scores, to_come = None, None
        if one.scores is not None:
            assert one.scores.dataset is not None  # the search's, where none is named
            scores, to_come = check_scoring(one.scores, datasets.of(one.scores.dataset))
        search = check_search(one.search, datasets.of(one.search.dataset), to_come)
        select = one.select
        if select is not None:
            opened = None if select.dataset is None else datasets.of(select.dataset)
            select = check_select(select, opened)
        if one.train is not None:  # by a random cell, since none is found yet
            own = {"architecture": (), "random": 1, "space": one.train.space or one.search.space}
            check_train(one.train.model_copy(update=own))
        return one._replace(search=search, select=select, scores=scores)
    except ProxyDataError as error:
        raise type(error)(f"row {one.row.label!r}: {error}") from error


def _like(first: PlannedSearch, one: PlannedSearch) -> PlannedSearch:
    """Return another seed of a row, settled like its first."""

    def own(config: Config, planned: Config) -> Config:
        update: dict[str, Any] = {"seed": planned.seed, "out": expanded(planned.out)}
        if isinstance(planned, SearchConfig):
            selection = planned.selection
            update["selection"] = None if selection is None else expanded(selection).resolve()
        return config.model_copy(update=update)

    select = None
    if first.select is not None and one.select is not None:
        select = own(first.select, one.select)
    search = own(first.search, one.search)
    return one._replace(search=search, select=select, scores=first.scores)


def _refuse_others(one: PlannedSearch) -> None:
    """Refuse folders that hold something else."""
    if one.search.overwrite:
        return
    holds_run(one.search, SEARCH_RESULTS)
    for made in (one.select, one.scores):
        if made is not None:
            finished_selection(made)
    if one.train is not None and (one.search.out / RESULT).is_file():
        holds_training(one.train)


class _Datasets:
    """Opens each dataset once."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._opened: dict[str, Dataset] = {}

    def of(self, source: str) -> Dataset:
        if source not in self._opened:
            self._opened[source] = open_dataset(source, self._plugins)
        return self._opened[source]


# ------------------------------------------------------------------------------------ the runs


def make_selection_of(config: SelectConfig) -> str:
    """Make a selection or scores in whichever process this is; return why it failed, or nothing."""
    return _reason(lambda: run_select(config))


def search_with(config: SearchConfig) -> str:
    """Search in whichever process this is; return why it failed, or nothing."""
    return _reason(lambda: run_search(config))


def train_again(config: TrainConfig) -> str:
    """Train in whichever process this is; return why it failed, or nothing."""
    return _reason(lambda: train_with(config))


def _reason(call: Callable[[], object]) -> str:
    """Return why a call failed; that one search fails must not cost the others."""
    try:
        call()
    except ProxyDataError as error:
        return str(error)
    except Exception as error:
        _log.exception("a search failed")
        return f"{type(error).__name__}: {error}"
    return ""


def _lost(lost: LostCallError, name: Path) -> str:
    return f"{lost}; the same command goes on from its last epoch"


class _Runs:
    """The scores, selections and searches of a plan, in a folder that is open."""

    def __init__(
        self, plan: Plan, folder: RunFolder, pool: Executor, progress: Progress | None
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.pool = pool
        self.progress = progress
        plugins = load_plugins(plan.config.plugin, plan.config.no_plugin)
        self.datasets = _Datasets(plugins)
        self.reasons: dict[Path, str] = {}

    def outcomes(self) -> tuple[Outcome, ...]:
        """Run what is not finished, keeping ``results.csv`` up to date, and return all."""
        scores = {one.scores.out: one.scores for one in self.plan.searches if one.scores}
        self._run("scores", make_selection_of, scores, self._is_chosen)
        selects = {one.select.out: one.select for one in self.plan.searches if one.select}
        self._run("selections", make_selection_of, selects, self._is_chosen)
        searches = {one.search.out: one.search for one in self.plan.searches}
        for one in self.plan.searches:
            if reason := self._why_not(one):
                self.reasons[one.search.out] = reason
                del searches[one.search.out]
        self.found = {one.search.out: self._before(one) for one in self.plan.searches}
        self._keep()
        self._run("searches", search_with, searches, self._is_found, self._take_in)
        self._run_trainings()
        return tuple(self.found[one.search.out] for one in self.plan.searches)

    def _run_trainings(self) -> None:
        """Train the cells that were found, and the random ones beside them."""
        wanted = {
            config.out: config
            for one in self.plan.searches
            if not self.found[one.search.out].reason
            for config in one.trainings
        }
        self._run("trainings", train_again, wanted, self._is_trained)
        for one in self.plan.searches:
            failed = [self.reasons[two.out] for two in one.trainings if two.out in self.reasons]
            found = self._outcome(one)
            self.found[one.search.out] = (
                replace(found, reason=f"its training failed: {failed[0]}") if failed else found
            )
        self._keep()

    def _is_trained(self, config: TrainConfig) -> bool:
        if config.overwrite or accuracy_in(config.out) is None:
            return False
        try:
            return holds_training(config)
        except RunFolderError:  # of a cell that is no longer found: training it says so
            return False

    def _run(
        self,
        title: str,
        function: Callable[[Config], str],
        configs: Mapping[Path, Config],
        is_done: Callable[[Config], bool],
        then: Callable[[Path], None] = lambda out: None,
    ) -> None:
        """Run what is not done yet."""
        missing = {out: config for out, config in configs.items() if not is_done(config)}
        done = len(configs) - len(missing)
        self._tell(title, done, len(configs))
        calls: Iterator[tuple[Path, tuple[Config]]] = (
            (out, (config,)) for out, config in missing.items()
        )
        for out, reason in completed(self.pool, function, calls, _lost):
            if reason:
                self.reasons[out] = reason
                _log.warning("%s failed: %s", out, reason)
            done += 1
            then(out)
            self._tell(title, done, len(configs))

    def _why_not(self, one: PlannedSearch) -> str:
        """Return why what a search needs could not be made, or nothing."""
        for made, name in ((one.scores, "scores"), (one.select, "selection")):
            if made is not None and (reason := self.reasons.get(made.out)):
                return f"its {name} failed: {reason}"
        return ""

    def _tell(self, title: str, done: int, total: int) -> None:
        if self.progress is not None and total:
            self.progress(title, done, total)

    def _is_chosen(self, config: SelectConfig) -> bool:
        return finished_selection(config) is not None

    def _is_found(self, config: SearchConfig) -> bool:
        return not config.overwrite and not self.found[config.out].reason

    def _take_in(self, out: Path) -> None:
        one = next(one for one in self.plan.searches if one.search.out == out)
        self.found[out] = self._outcome(one)
        self._keep()

    def _before(self, one: PlannedSearch) -> Outcome:
        """Return what a search had found before this run, which may begin anew.

        Raises:
            RunFolderError: Its folder holds a search on other examples.
        """
        if one.search.out in self.reasons:
            return self._outcome(one)
        if one.search.overwrite:
            return Outcome(one.row.label, one.seed, one.row.levels, reason=NOT_RUN)
        selection = None if one.select is None else finished_selection(one.select)
        if selection is not None:
            refuse_other_selection(one.search, selection, self.datasets.of(one.search.dataset))
        return self._outcome(one)

    def _outcome(self, one: PlannedSearch) -> Outcome:
        """Return what a search has found so far, or why it has found nothing."""
        row, out = one.row, one.search.out
        reason = self.reasons.get(out, NOT_RUN)
        if out in self.reasons:
            return Outcome(row.label, one.seed, row.levels, reason=reason)
        stored = stored_search(out, int(one.search.training["epochs"]))
        if stored is None:
            return Outcome(row.label, one.seed, row.levels, reason=reason)
        columns, tables = self.plan.file.columns, self.plan.tables.get(one.search.space, ())
        values = _values(tables, columns, stored.result.cell) | _trained_values(one, columns)
        found = outcome_of(row.label, one.seed, row.levels, stored, values)
        if TRAJECTORIES not in self.plan.file.figures or not columns:
            return found
        accuracies = along(
            stored.result.records, lambda cell: _known(_value(tables, columns[0], cell))
        )
        return replace(found, accuracies=tuple(accuracies))

    def _keep(self) -> None:
        lines = [one.plain(self.plan.file.columns) for one in self.found.values()]
        self.folder.write("results.csv", csv_text(lines))


# ------------------------------------------------------------------------------------ the tables


def _checked_tables(plan: Plan, plugins: Plugins) -> dict[str, Sequence[BenchmarkTable]]:
    """Return the tables of each space that is searched, where columns are looked up at all.

    Raises:
        TableAbsentError: There is no table of a space.
        TableError: A table holds fewer architectures than are to be drawn from it.
        ConfigError: The tables hold no such column; the closest is named.
    """
    columns = [column for column in plan.file.columns if not column.trained]
    spaces = {one.search.space: one.search for one in plan.searches} if columns else {}
    found: dict[str, Sequence[BenchmarkTable]] = {}
    for space, config in spaces.items():
        found[space], notes = space_tables(plugins, config)
        where = f"experiment {plan.config.file}, columns, space {space!r}"
        if not found[space]:
            why = "; ".join(notes) or "there is none of this space; leave columns out"
            raise TableAbsentError(f"{where}: no table can be read: {why}")
        held = {
            Column(dataset=dataset, metric=metric).name
            for table in found[space]
            for dataset, metrics in table.columns().items()
            for metric in metrics
        }
        for column in columns:
            missing = f"{column.dataset} {column.metric}"
            if missing not in held:
                raise ConfigError(unknown_name("column", missing, held, where))
            for table in found[space]:
                if column.over_random and column.metric in table.columns().get(column.dataset, ()):
                    random_mean(table, column.dataset, column.metric, column.over_random)
    return found


def _values(
    tables: Sequence[BenchmarkTable], columns: Sequence[Column], cell: str
) -> dict[str, float | None]:
    """Return each column for a cell, None where no table holds it."""
    looked_up = [column for column in columns if not column.trained]
    return {column.name: _value(tables, column, cell) for column in looked_up}


def _trained_values(one: PlannedSearch, columns: Sequence[Column]) -> dict[str, float | None]:
    """Return each column of the training of a cell, None where it is not finished."""
    if one.train is None:
        return {}
    out, random = one.train.out, one.random
    return {
        column.name: trained_value(column, out, lambda count: random[count].out)
        for column in columns
        if column.trained
    }


def _known(value: float | None) -> float:
    """Return a value, nan where there is none."""
    return math.nan if value is None else value


def _value(tables: Sequence[BenchmarkTable], column: Column, cell: str) -> float | None:
    for table in tables:
        try:
            value = table.query(cell, column.dataset, column.metric)
        except TableError:
            continue
        if not math.isnan(value):  # which is a gap of the table
            if column.over_random:
                asked = (column.dataset, column.metric, column.over_random)
                return improvement_over_random(value, table, *asked)
            return value
    return None


def _experiment(plan: Plan, outcomes: tuple[Outcome, ...], folder: Path) -> Experiment:
    columns = plan.file.columns
    rows = tuple(summarised(outcomes, columns, lambda one: one.row))
    return Experiment(plan.file.title, columns, outcomes, rows, plan.published, folder)


def _write(folder: RunFolder, plan: Plan, experiment: Experiment) -> None:
    env = environment(
        plan.config.model_copy(update={"seed": plan.seeds}),
        load_plugins(plan.config.plugin, plan.config.no_plugin),
    )
    folder.write_json("env.json", env)
    found = (plan.file, experiment.outcomes, experiment.rows, plan.published)
    write_report(folder, *found, env, lambda row: _supernet(plan, row))
    write_page(folder)


def _supernet(plan: Plan, row: str) -> Supernet:
    """Return a network of a row's space, which knows its edges and candidates."""
    config = next(one.search for one in plan.searches if one.row.label == row)
    plugins = load_plugins(config.plugin, config.no_plugin)
    build = supernet_builder(
        plugins,
        config.space,
        channels=config.channels,
        cells=config.cells,
        partial=named_strategy(plugins, config.strategy).partial,
    )
    return build(torch_generator(config.seed, "figure"), None)


def refuse_failures(experiment: Experiment) -> None:
    """Tell of searches that failed, now that all others are in the table.

    Raises:
        SearchError: Some did.
    """
    if not experiment.failed:
        return
    first = experiment.failed[0]
    raise SearchError(
        f"{len(experiment.failed)} of {len(experiment.outcomes)} searches failed, the first of "
        f"them row {first.row!r}, seed {first.seed}: {first.reason}. All reasons are in "
        f"{experiment.folder}/results.csv; the same command tries them again"
    )
