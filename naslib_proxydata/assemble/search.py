"""A one-shot search: from a configuration to a run folder with cell, history and figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import TableError
from naslib_proxydata.files import expanded
from naslib_proxydata.markdown import one_line
from naslib_proxydata.oneshot import plots
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.checkpoint import NAME, PREVIOUS
from naslib_proxydata.oneshot.hessian import HessianTracker
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.records import SearchResult
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.plugins import Acting
from naslib_proxydata.plugins.acting import DECIDING, Actor, lifecycle_hooks
from naslib_proxydata.plugins.naming import add_files, add_named, add_observers, tell_idle
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import threads_used
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.numerics import numerics
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import opened_folder, resolved
from naslib_proxydata.selection.files import load_selection

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.selection.base import Selection
    from naslib_proxydata.tables.base import BenchmarkTable

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class FinishedSearch:
    """A finished search with what the tables say of its cell.

    Attributes:
        result: Cell and records.
        measured: Values of the cell in every table of its space that could be read.
        notes: Why other tables could not be read.
        folder: The run folder, or None where none is kept.
    """

    result: SearchResult
    measured: tuple[Measured, ...]
    notes: tuple[str, ...]
    folder: Path | None

    @property
    def cell(self) -> str:
        """Text of the final architecture."""
        return self.result.cell


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
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = resolved(config)
    modes = numerics(cudnn_benchmark=config.cudnn_benchmark, deterministic=config.deterministic)
    with threads_used(config.threads), modes:
        dataset = open_dataset(config.dataset, plugins) if dataset is None else dataset
        dataset = read_as_asked(dataset, config).dataset
        if config.selection is not None:
            selection = load_selection(config.selection)
        prepared = _prepared(config, plugins, dataset, selection, listeners)
        config = _settled(config, prepared.learner.settings)
        with opened_folder(config, RESULTS) as folder:
            return _searched(config, plugins, prepared, folder)


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
    result = Search(
        prepared.dataset,
        prepared.learner,
        prepared.acting,
        config.space,
        prepared.selection,
        folder.path,
        config.augment,
        check_folder=folder.check_in_place,
        device_data=config.device_data,
    ).run()
    tables, unreadable = _tables(plugins, config)
    measured, missing = look_up(tables, result.cell)
    notes = (*unreadable, *missing)
    finished = FinishedSearch(result, measured, notes, folder.path)
    folder.write_json(RESULT, _facts(config, prepared, finished, env))
    if prepared.tracker is not None and prepared.tracker.values:
        folder.write_json(EIGENVALUES, prepared.tracker.values)
    _draw(folder, tables, config, prepared, finished)
    folder.write("summary.md", _summary(config, finished, env))
    return finished


def _settled(config: SearchConfig, settings: SearchSettings) -> SearchConfig:
    """Return the configuration as the folder keeps it: good from anywhere, epochs written out."""
    selection = config.selection and expanded(config.selection).resolve()
    training = {**config.training, "epochs": settings.epochs}  # so that they can grow
    return config.model_copy(update={"selection": selection, "training": training})


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
) -> Prepared:
    strategy = named_strategy(plugins, config.strategy)
    settings = SearchSettings.parse(
        {
            **strategy.published(config.space),
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
    )
    learner = Learner(builder, strategy, settings, cells=config.cells)
    acting = Acting()
    add_files(acting, plugins)
    if config.pruner is not None:
        add_named(acting, plugins, "pruners", config.pruner.name, config.pruner.options)
    add_observers(acting, plugins, config.observer)
    tracker = HessianTracker(learner, config.hessian_every) if config.hessian_every else None
    for listener in (*listeners, *([] if tracker is None else [tracker])):
        acting.add(_free_name(acting, type(listener).__name__), listener, CALLER)
    return Prepared(dataset, learner, acting, tracker, selection)


def _free_name(acting: Acting, name: str) -> str:
    """Return the name, with a number where others have it already."""
    taken = sum(actor.name.split("#")[0] == name for actor in acting.actors)
    return f"{name}#{taken + 1}" if taken else name


def named_strategy(plugins: Plugins, names: Mapping[str, Mapping[str, Any]]) -> Strategy:
    """Return a strategy by its name and options, or the combination of several.

    Raises:
        ConfigError: A name or an option is unknown, or two of them contradict each other.
    """
    first, *others = (plugins.create("strategies", name, **given) for name, given in names.items())
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


def _tables(plugins: Plugins, config: SearchConfig) -> tuple[list[BenchmarkTable], list[str]]:
    """Return the tables of a space that can be opened, and why others cannot."""
    tables: list[BenchmarkTable] = []
    notes: list[str] = []
    for name in plugins.names("benchmarks"):
        if plugins.benchmark(name).space != config.space:
            continue
        try:
            tables.append(plugins.create("benchmarks", name, root=config.data_root))
        except TableError as error:
            notes.append(str(error))
    return tables, notes


def _facts(
    config: SearchConfig, prepared: Prepared, finished: FinishedSearch, env: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what ``result.json`` holds: the cell, and all that a repetition needs."""
    result, settings = finished.result, prepared.learner.settings
    selection = prepared.selection
    return {
        "cell": result.cell,
        "space": config.space,
        "strategy": config.strategy,
        "dataset": config.dataset,
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
        "cudnn_benchmark": config.cudnn_benchmark,
        "deterministic": config.deterministic,
        "versions": env["packages"],
        "seconds": result.seconds,
        "examples_processed": result.processed,
        "measured": [one._asdict() for one in finished.measured],
    }


def _draw(
    folder: RunFolder,
    tables: Sequence[BenchmarkTable],
    config: SearchConfig,
    prepared: Prepared,
    finished: FinishedSearch,
) -> None:
    result = finished.result
    measured = None
    if finished.measured:
        measured = _measured_cells(tables, result, finished.measured[0])
    for name, figure in plots.search_figures(
        result.records, prepared.learner.supernet, measured
    ).items():
        folder.draw(name, figure)
    tracker = prepared.tracker
    if tracker is not None and tracker.values:
        folder.draw("eigenvalue", plots.draw_eigenvalues({config.space: tracker.values}))


def _measured_cells(
    tables: Sequence[BenchmarkTable], result: SearchResult, column: Measured
) -> list[float]:
    """Return one column of one table for the cell of every epoch, nan where it has none."""
    table = next(one for one in tables if one.label == column.benchmark)

    def value(cell: str) -> float:
        try:
            return table.query(cell, column.dataset, column.metric)
        except TableError:
            return float("nan")

    by_cell = {cell: value(cell) for cell in {record.cell for record in result.records}}
    return [by_cell[record.cell] for record in result.records]


def _summary(config: SearchConfig, finished: FinishedSearch, env: Mapping[str, Any]) -> str:
    """Return the report."""
    result = finished.result
    acting = ", ".join(f"{one['name']} ({one['provided by']})" for one in env["acting"]) or "none"
    lines = [
        f"# {config.space}: {'+'.join(config.strategy)} on {config.dataset}",
        "",
        f"{len(result.records)} epochs, {result.processed:,} examples processed in "
        f"{result.seconds:.0f} s, seed {config.seed}. Pruners and observers: {acting}.",
        "",
        f"    {result.cell}",
        "",
        *(
            f"- {one.benchmark}, {one.dataset}, {one.metric}: {one.value:.2f}"
            for one in finished.measured
        ),
        *(f"- not looked up: {note}" for note in finished.notes),
        "",
        provenance(env),
        "",
    ]
    return "\n".join(map(one_line, lines))
