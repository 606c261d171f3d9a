"""A one-shot search: from a configuration to a run folder with cell, history and figures."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.pruner import add_pruner, with_whole_path
from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.boundary import boundary
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.data.joined import JoinedDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import ConfigError, RunFolderError, TableError
from naslib_proxydata.files import expanded
from naslib_proxydata.hookspecs import LEVELS
from naslib_proxydata.markdown import one_line
from naslib_proxydata.oneshot import plots
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.duration import check_epochs
from naslib_proxydata.oneshot.early_stopping import returned_epoch
from naslib_proxydata.oneshot.examples import (
    Active,
    examples_sha256,
    started_from,
    starting_examples,
)
from naslib_proxydata.oneshot.hessian import HessianTracker
from naslib_proxydata.oneshot.image_size import check_image_size
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.records import EpochRecord, SearchResult, read_history
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.opening import read_file
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.plugins import Acting
from naslib_proxydata.plugins.acting import DECIDING, Actor, lifecycle_hooks
from naslib_proxydata.plugins.naming import add_files, add_observers, tell_idle
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.runs.checkpoint import NAME, PREVIOUS
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import threads_used
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.numerics import numerics
from naslib_proxydata.runs.processes import described, from_first, is_first, joined
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import opened_folder, resolved
from naslib_proxydata.selection.files import load_selection
from naslib_proxydata.selection.two_sets import two_set_selection

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.selection.base import Selection
    from naslib_proxydata.selection.score_files import ScoreList
    from naslib_proxydata.tables.base import BenchmarkTable

logger = logging.getLogger(__name__)

Read = TypeVar("Read")

RESULT, HISTORY, EIGENVALUES = "result.json", "history.json", "eigenvalues.json"
RESULTS = (NAME, PREVIOUS, HISTORY, EIGENVALUES, RESULT, "tensorboard")
CALLER = Provider("caller", "this program")
"""Who provides the listeners that a program hands in."""


class Measured(NamedTuple):
    """One value that a benchmark table holds for the final cell."""

    benchmark: str
    dataset: str
    metric: str
    value: float


class Trajectory(NamedTuple):
    """One column of a table for the cell that the search would have returned after each epoch.

    Attributes:
        values: In percent, nan where the table lacks the cell.
    """

    benchmark: str
    dataset: str
    metric: str
    values: list[float]

    @property
    def label(self) -> str:
        """What was looked up, and for how many cells where not for all."""
        found = int(np.isfinite(self.values).sum())
        lacking = found < len(self.values)
        part = f": {found} of {len(self.values)} epochs' cells found" if lacking else ""
        return f"{self.benchmark}, {self.dataset}, {self.metric}{part}"

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, with None for nan."""
        values = [one if np.isfinite(one) else None for one in self.values]
        return {**self._asdict(), "values": values}


@dataclass(frozen=True)
class FinishedSearch:
    """A finished search with what the tables say of its cell.

    Attributes:
        result: Cell and records.
        measured: Values of the cell in every table of its space that could be read.
        notes: Why other tables could not be read.
        folder: The run folder, or None where none is kept.
        trajectory: What a table holds for the cell of every epoch; None where none was read.
    """

    result: SearchResult
    measured: tuple[Measured, ...]
    notes: tuple[str, ...]
    folder: Path | None
    trajectory: Trajectory | None = None

    @property
    def cell(self) -> str:
        """Text of the final architecture."""
        return self.result.cell

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the cell, and what tables hold of it."""
        measured = [
            (f"{one.benchmark}, {one.dataset}, {one.metric}", f"{one.value:.2f}")
            for one in self.measured
        ]
        lines = [("cell", self.cell), ("epochs", len(self.result.records)), *measured]
        return notebook_table("Search", ("what", "value"), lines, " ".join(self.notes))


class Prepared(NamedTuple):
    """All that a search needs, made before anything is spent."""

    dataset: Dataset
    learner: Learner
    acting: Acting
    tracker: HessianTracker | None
    selection: Selection | None


def run_search(
    config: SearchConfig,
    *listeners: object,
    dataset: Dataset | None = None,
    selection: Selection | None = None,
) -> FinishedSearch:
    """Search, look the cell up, write and draw.

    A search that was interrupted goes on from its last checkpoint; one that is finished goes on
    where ``training.epochs`` has grown. Its learning rates and schedules are then those of the
    longer search from there on.

    Args:
        config: What to do.
        listeners: Further objects whose lifecycle hooks are called.
        dataset: What is trained on, where ``config.dataset`` is only its name.
        selection: The examples to train on, where ``config.selection`` names no file.

    Raises:
        ProxyDataError: A name, a file or a number is wrong, or the loss is not finite; the message
            says what to do, and checkpoints are kept.
    """
    with joined(config.device):
        return _run(config, listeners, dataset, selection)


def _run(
    config: SearchConfig,
    listeners: tuple[object, ...],
    dataset: Dataset | None,
    selection: Selection | None,
) -> FinishedSearch:
    """Search in this process, or in this one of several."""
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = from_first(resolved(config) if is_first() else config)
    modes = numerics(cudnn_benchmark=config.cudnn_benchmark, deterministic=config.deterministic)
    with threads_used(config.threads), modes:
        dataset = open_dataset(config.dataset, plugins) if dataset is None else dataset
        dataset = read_as_asked(dataset, config).dataset
        if config.selection is not None:
            selection = load_selection(config.selection)
        dataset, selection = _with_architecture_set(config, plugins, dataset, selection)
        if isinstance(dataset, JoinedDataset) and (
            dataset.first.fingerprint == dataset.second.fingerprint
        ):
            logger.warning("both levels train on the same images of %s", config.dataset)
        prepared = _prepared(config, plugins, dataset, selection, listeners)
        config = _settled(config, prepared.learner.settings)
        if not is_first():
            return FinishedSearch(_search(config, prepared, None), (), (), None)
        if not config.overwrite:
            _refuse_other_examples(config, prepared)
        with opened_folder(config, RESULTS) as folder:
            return _searched(config, plugins, prepared, folder)


def _with_architecture_set(
    config: SearchConfig, plugins: Plugins, dataset: Dataset, selection: Selection | None
) -> tuple[Dataset, Selection | None]:
    """Return what is trained on, joined with the architecture's images where it has its own."""
    if config.architecture_dataset is None:
        return dataset, selection
    other = open_dataset(config.architecture_dataset, plugins)
    both = JoinedDataset(dataset, read_as_asked(other, config).dataset)
    return both, two_set_selection(both, selection, config.seed)


def check_search(
    config: SearchConfig, dataset: Dataset, scores: ScoreList | None = None
) -> SearchConfig:
    """Make sure that a search can begin, without beginning it; its selection is not looked at.

    Args:
        config: What to do.
        dataset: The dataset of the configuration.
        scores: What stands for the pruner's score file, where that is still to be made.

    Returns:
        The configuration as its run folder keeps it.

    Raises:
        ProxyDataError: A name, an option or a number is wrong.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = resolved(config)
    read = read_as_asked(dataset, config).dataset
    examples = _with_architecture_set(config, plugins, read, None)
    prepared = _prepared(config, plugins, *examples, (), scores)
    return _settled(config, prepared.learner.settings)


class StoredSearch(NamedTuple):
    """What a finished search has left in its folder.

    Attributes:
        result: Cell and records.
        eigenvalues: Dominant Hessian eigenvalue by epoch; empty where none was estimated.
    """

    result: SearchResult
    eigenvalues: Mapping[int, float]


def stored_search(folder: Path, epochs: int) -> StoredSearch | None:
    """Return what a search of so many epochs has left, None where it is not finished.

    One that early stopping has ended is finished, however many epochs are wanted.

    Raises:
        RunFolderError: A file is damaged.
    """
    if not (folder / RESULT).is_file() or not (folder / HISTORY).is_file():
        return None
    cell, done, stopped = _json(
        folder / RESULT,
        lambda one: (str(one["cell"]), one["training"]["epochs"], one.get("stopped_early")),
    )
    records = read_history(folder / HISTORY)
    if stopped is None and (done < epochs or len(records) < epochs):
        return None
    eigenvalues: dict[int, float] = {}
    if (folder / EIGENVALUES).is_file():
        eigenvalues = _json(
            folder / EIGENVALUES, lambda one: {int(key): float(one[key]) for key in one}
        )
    return StoredSearch(SearchResult(cell, records), eigenvalues)


def _json(path: Path, read: Callable[[Any], Read]) -> Read:
    """Return what is read from a JSON file of a run folder.

    Raises:
        RunFolderError: It is damaged.
    """
    advice = "run the search again with --overwrite, which writes it anew"
    content = read_file(path, RunFolderError, advice)
    with boundary(path, RunFolderError, advice):
        return read(json.loads(content))


def refuse_other_selection(config: SearchConfig, selection: Selection, dataset: Dataset) -> None:
    """Refuse a run folder whose search began with other examples than those of a selection.

    Raises:
        RunFolderError: It did.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    examples = _with_architecture_set(config, plugins, dataset, selection)
    _compare_examples(config, starting_examples(*examples, Acting(), config.seed))


def _refuse_other_examples(config: SearchConfig, prepared: Prepared) -> None:
    """Refuse a folder whose search began with other examples, before anything changes there."""
    if not (config.out / NAME).exists():
        return
    first = starting_examples(prepared.dataset, prepared.selection, prepared.acting, config.seed)
    _compare_examples(config, first)


def _compare_examples(config: SearchConfig, first: Active) -> None:
    before = started_from(config.out)
    if before is not None and before != examples_sha256(first):
        raise RunFolderError(
            f"{config.out} holds another run: its search began with other examples than those of "
            f"selection {config.selection}; choose another --out, or --overwrite to start anew"
        )


def _searched(
    config: SearchConfig, plugins: Plugins, prepared: Prepared, folder: RunFolder
) -> FinishedSearch:
    """Search in an open folder, look the cell up, write and draw."""
    actors = [actor.plain() for actor, _ in _recorded(prepared.acting)]
    for actor in actors:
        logger.info("%(name)s of %(provided by)s acts in this search", actor)
    tell_idle(prepared.acting, plugins)
    env = environment(config, plugins, actors)
    folder.write_json("env.json", env)
    result = _search(config, prepared, folder)
    tables, unreadable = space_tables(plugins, config)
    measured, missing = look_up(tables, result.cell)
    notes = (*unreadable, *missing)
    trajectory = measured_trajectory(tables, result)
    finished = FinishedSearch(result, measured, notes, folder.path, trajectory)
    folder.write_json(RESULT, _facts(config, prepared, finished, env))
    if prepared.tracker is not None and prepared.tracker.values:
        folder.write_json(EIGENVALUES, prepared.tracker.values)
    _draw(folder, config, prepared, finished)
    folder.write("summary.md", _summary(config, finished, env))
    write_page(folder)
    return finished


def _search(config: SearchConfig, prepared: Prepared, folder: RunFolder | None) -> SearchResult:
    """Search, and keep it in the folder, if any."""
    return Search(
        prepared.dataset,
        prepared.learner,
        prepared.acting,
        config.space,
        prepared.selection,
        None if folder is None else folder.path,
        config.augment,
        check_folder=None if folder is None else folder.check_in_place,
        stop=_stopping(config, prepared.tracker),
        prunable=LEVELS if config.architecture_dataset is None else ("weights",),
        device_data=config.device_data,
        cuda_graphs=config.cuda_graphs,
    ).run()


def _settled(config: SearchConfig, settings: SearchSettings) -> SearchConfig:
    """Return the configuration as the folder keeps it: good from anywhere, epochs written out."""
    selection = config.selection and expanded(config.selection).resolve()
    training = {**config.training, "epochs": settings.epochs}  # so that they can grow
    pruner = with_whole_path(config.pruner)
    return config.model_copy(
        update={"selection": selection, "training": training, "pruner": pruner}
    )


def _recorded(acting: Acting) -> list[tuple[Actor, object]]:
    """Return who is named in the records of a search.

    Objects that a program hands in are named where they can change the search, not where they
    only look at it.
    """
    return [
        (actor, plugin)
        for actor, (_, plugin) in zip(acting.actors, acting.items(), strict=True)
        if actor.provider != CALLER or set(DECIDING) & set(lifecycle_hooks(plugin))
    ]


def _with_report(actor: Actor, plugin: object) -> dict[str, Any]:
    """Return an actor as plain data, with what it says of itself by ``settings`` and ``outcome``.

    The first is what it ran with, the second what it did.
    """
    plain = dict(actor.plain())
    for name in ("settings", "outcome"):
        says = getattr(plugin, name, None)
        if callable(says):
            plain[name] = dict(says())
    return plain


def _prepared(
    config: SearchConfig,
    plugins: Plugins,
    dataset: Dataset,
    selection: Selection | None,
    listeners: tuple[object, ...],
    scores: ScoreList | None = None,
) -> Prepared:
    strategy = named_strategy(plugins, config.strategy)
    settings = SearchSettings.parse(
        {
            **strategy.published(config.space, config.training),
            **config.training,
            "seed": config.seed,
            "device": config.device,
        },
        f"strategy {strategy.name!r}",
    )
    dataset.required_labels("a one-shot search")
    if selection is not None:
        selection.check_fits(dataset)
    builder = supernet_builder(
        plugins,
        config.space,
        channels=config.channels,
        cells=config.cells,
        num_classes=dataset.num_classes,
        in_channels=dataset.pixels(np.array([0])).shape[1],
        partial=strategy.partial,
        auxiliary=strategy.auxiliary is not None,
    )
    learner = Learner(builder, strategy, settings, cells=config.cells)
    check_epochs(strategy, settings)  # of some strategies the supernet says how many they need
    check_image_size(learner, dataset)
    acting = Acting()
    add_files(acting, plugins)
    if config.pruner is not None:
        add_pruner(acting, plugins, config.pruner, dataset, scores)
    if is_first():  # observers write files
        add_observers(acting, plugins, config.observer)
    if config.early_stop and (strategy.policy is not None or not strategy.learns):
        raise ConfigError(
            f"--early-stop looks at how the loss bends in alpha, and {strategy.name!r} does not "
            "learn alpha; leave one of them out"
        )
    every = config.hessian_every or int(config.early_stop)
    tracker = HessianTracker(learner, every) if every else None
    for listener in (*listeners, *([] if tracker is None else [tracker])):
        acting.add(_free_name(acting, type(listener).__name__), listener, CALLER)
    return Prepared(dataset, learner, acting, tracker, selection)


def _stopping(
    config: SearchConfig, tracker: HessianTracker | None
) -> Callable[[], int | None] | None:
    """Return what tells a search to stop early, None where nothing does."""
    if not config.early_stop or tracker is None:
        return None
    return lambda: returned_epoch(tracker.values)


def _free_name(acting: Acting, name: str) -> str:
    """Return the name, with a number where others have it already."""
    taken = sum(actor.name.split("#")[0] == name for actor in acting.actors)
    return f"{name}#{taken + 1}" if taken else name


def named_strategy(plugins: Plugins, names: Mapping[str, Mapping[str, Any]]) -> Strategy:
    """Return a strategy by its name and options, or the combination of several in any order.

    Raises:
        ConfigError: A name or an option is unknown, or two of them contradict each other.
    """
    made = [plugins.create("strategies", name, **given) for name, given in names.items()]
    first, *others = sorted(made, key=lambda strategy: strategy.name)
    for strategy in others:
        first = combine(first, strategy)
    return first


def look_up(
    tables: Sequence[BenchmarkTable], cell: str
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """Return what tables hold for a cell, and why some hold nothing."""
    measured: list[Measured] = []
    notes: list[str] = []
    for table in tables:
        try:
            measured += [
                Measured(table.label, dataset, metric, table.query(cell, dataset, metric))
                for dataset, metrics in table.columns().items()
                for metric in metrics
            ]
        except TableError as error:
            notes.append(str(error))
    return tuple(measured), tuple(notes)


def table_space(plugins: Plugins, space: str) -> str:
    """Return the name of the space in whose tables the cells of a space are looked up."""
    if not plugins.offers("spaces", space):
        return space
    return plugins.create("spaces", space).table_space or space


def space_tables(plugins: Plugins, config: SearchConfig) -> tuple[list[BenchmarkTable], list[str]]:
    """Return the tables of a space that can be opened, and why others cannot."""
    tables: list[BenchmarkTable] = []
    notes: list[str] = []
    space = table_space(plugins, config.space)
    for name in plugins.names("benchmarks"):
        if plugins.benchmark(name).space != space:
            continue
        try:
            tables.append(plugins.create("benchmarks", name, root=config.data_root))
        except TableError as error:
            notes.append(str(error))
    if not tables and not notes:
        notes.append(f"no benchmark has a table of {config.space}; train the cell to know more")
    return tables, notes


def _facts(
    config: SearchConfig, prepared: Prepared, finished: FinishedSearch, env: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what ``result.json`` holds: the cell, and all that a repetition needs."""
    result, settings = finished.result, prepared.learner.settings
    selection = prepared.selection
    return {
        "cell": result.cell,
        "recipe": config.recipe,
        "space": config.space,
        "strategy": config.strategy,
        "dataset": config.dataset,
        "architecture_dataset": config.architecture_dataset,
        "dataset_fingerprint": prepared.dataset.fingerprint,
        "selection": None
        if selection is None
        else {
            "file": config.selection and str(config.selection),
            "method": selection.method,
            "parameters": dict(selection.parameters),
            "seed": selection.seed,
            "size": selection.size,
        },
        "acting": [_with_report(*one) for one in _recorded(prepared.acting)],
        "channels": config.channels,
        "cells": config.cells,
        "augment": config.augment,
        "training": settings.model_dump(exclude={"device", "seed"}),
        "seed": config.seed,
        "device": config.device,
        "threads": config.threads,
        **described(),
        "cudnn_benchmark": config.cudnn_benchmark,
        "cuda_graphs": config.cuda_graphs,
        "deterministic": config.deterministic,
        "versions": env["packages"],
        "epochs_run": len(result.records),
        "stopped_early": None
        if result.returned is None
        else {"after": len(result.records), "returned": result.returned},
        "seconds": result.seconds,
        "examples_processed": result.processed,
        "measured": [one._asdict() for one in finished.measured],
        "trajectory": finished.trajectory and finished.trajectory.plain(),
    }


def _draw(
    folder: RunFolder, config: SearchConfig, prepared: Prepared, finished: FinishedSearch
) -> None:
    trajectory = finished.trajectory
    figures = plots.search_figures(
        finished.result.records,
        prepared.learner.supernet,
        trajectory and trajectory.values,
        trajectory.label if trajectory is not None else "benchmark",
    )
    for name, figure in figures.items():
        folder.draw(name, figure)
    tracker = prepared.tracker
    if tracker is not None and tracker.values:
        folder.draw("eigenvalue", plots.draw_eigenvalues({config.space: tracker.values}))


def measured_trajectory(
    tables: Sequence[BenchmarkTable], result: SearchResult
) -> Trajectory | None:
    """Return the first column of the first table for the cell of every epoch; None without any."""
    if not tables:
        return None
    table = tables[0]
    dataset, (metric, *_) = next(iter(table.columns().items()))

    def value(cell: str) -> float:
        try:
            return table.query(cell, dataset, metric)
        except TableError:
            return float("nan")

    return Trajectory(table.label, dataset, metric, along(result.records, value))


def along(records: Sequence[EpochRecord], value: Callable[[str], float]) -> list[float]:
    """Return the value of the cell of every epoch, asking once for each cell."""
    by_cell = {cell: value(cell) for cell in {record.cell for record in records}}
    return [by_cell[record.cell] for record in records]


def _named_data(config: SearchConfig) -> str:
    if config.architecture_dataset is None:
        return config.dataset
    return f"{config.dataset} (weights) and {config.architecture_dataset} (architecture)"


def _summary(config: SearchConfig, finished: FinishedSearch, env: Mapping[str, Any]) -> str:
    """Return the report."""
    result = finished.result
    acting = ", ".join(f"{one['name']} ({one['provided by']})" for one in env["acting"]) or "none"
    lines = [
        f"# {config.space}: {'+'.join(config.strategy)} on {_named_data(config)}",
        "",
        f"{len(result.records)} epochs, {result.processed:,} examples processed in "
        f"{result.seconds:.0f} s, seed {config.seed}. Pruners and observers: {acting}.",
        "",
        f"    {result.cell}",
        "",
        *(
            ()
            if result.returned is None
            else (
                f"Stopped early by the eigenvalue: this is the cell of epoch {result.returned}.",
                "",
            )
        ),
        *(
            f"- {one.benchmark}, {one.dataset}, {one.metric}: {one.value:.2f}"
            for one in finished.measured
        ),
        *(f"- not looked up: {note}" for note in finished.notes),
        *([] if finished.trajectory is None else [f"- trajectory: {finished.trajectory.label}"]),
        "",
        provenance(env),
        "",
    ]
    return "\n".join(map(one_line, lines))
