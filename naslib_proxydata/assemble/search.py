"""A one-shot search: from a request to a run folder with cell, history and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from naslib_proxydata import plugins as room
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SearchError, TableError
from naslib_proxydata.oneshot import plots
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.checkpoint import write_atomically
from naslib_proxydata.oneshot.hessian import HessianTracker
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.records import SearchResult
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.supernets.catalogue import supernet_builder
from naslib_proxydata.oneshot.tensorboard import TensorBoard
from naslib_proxydata.pruning.baselines import EL2NPruner, RandomPruner
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.selection.files import load_selection

if TYPE_CHECKING:
    import numpy as np

    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.pruning.drop import Side
    from naslib_proxydata.tables.base import BenchmarkTable

PICTURES = "plots"
PRUNING = (
    "bdp",
    "random_pruning",
    "el2n",
    "weights_drops",
    "architecture_drops",
    "class_balance",
)
"""Fields of a request that a run in the same folder must share."""


@dataclass(frozen=True)
class SearchRequest:
    """What a user asks for; the fields are the options of ``naslib-proxydata search``.

    Attributes:
        space: Name of a search space that has a supernet.
        strategy: Name of a strategy, or several joined by ``+``.
        dataset: See :func:`naslib_proxydata.data.sources.open_dataset`.
        out: The run folder.
        selection: File of a selection, or None for all examples (or a plugin's choice).
        bdp: Schedule of bi-level pruning: a preset or the fraction to be left; None for none.
        random_pruning: The same for random pruning.
        el2n: Fraction that EL2N pruning leaves after ten epochs, or None.
        weights_drops: The end of the VoE that BDP drops from the weight examples.
        architecture_drops: The end of the VoE that BDP drops from the architecture examples.
        class_balance: Whether BDP keeps classes balanced.
        settings: Fields of ``SearchSettings`` that the user sets; they win over the strategy's.
        channels: Channels of the supernet's first cells, or None for the paper's.
        cells: Cells of the supernet, or None for the paper's.
        augment: Whether training images are cropped and flipped.
        hessian_every: Epochs between two estimates of the dominant eigenvalue; 0 for none.
        tensorboard: Also write TensorBoard events.
        data_root: Folder of benchmark tables, or None.
        plugins: Python files with further plugins.
    """

    space: str
    strategy: str
    dataset: str
    out: Path
    selection: Path | None = None
    bdp: str | None = None
    random_pruning: str | None = None
    el2n: float | None = None
    weights_drops: Side = "low"
    architecture_drops: Side = "high"
    class_balance: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    channels: int | None = None
    cells: int | None = None
    augment: bool = True
    hessian_every: int = 0
    tensorboard: bool = False
    data_root: Path | None = None
    plugins: tuple[Path, ...] = ()


class Measured(NamedTuple):
    """One value that a benchmark table holds for the final cell."""

    benchmark: str
    dataset: str
    metric: str
    value: float


@dataclass(frozen=True)
class Finished:
    """A finished search with what the tables say of its cell.

    Attributes:
        result: Cell and records.
        measured: Values of the cell in every table of its space that could be read.
        notes: Why other tables could not be read.
    """

    result: SearchResult
    measured: tuple[Measured, ...]
    notes: tuple[str, ...]


def run_search(request: SearchRequest, *listeners: object) -> Finished:
    """Search, look the cell up, write and draw.

    Args:
        request: What to do.
        listeners: Further plugin objects for this search.

    Raises:
        ProxyDataError: Something is to be put right by the user; checkpoints are kept.
    """
    plugins = room.load(request.plugins)
    strategy = named_strategy(plugins, request.strategy)
    settings = SearchSettings.parse(
        {**strategy.settings, **request.settings}, f"strategy {strategy.name!r}"
    )
    dataset = open_dataset(request.dataset)
    dataset.required_labels("a one-shot search")
    builder = supernet_builder(
        request.space,
        channels=request.channels,
        cells=request.cells,
        num_classes=dataset.num_classes,
        in_channels=dataset.pixels(_first()).shape[1],
        partial_channels=strategy.partial,
    )
    learner = Learner(builder, strategy, settings)
    hooks = _hooks(request, settings, learner)
    for number, listener in enumerate([*hooks, *listeners]):
        plugins.manager.register(listener, f"{type(listener).__name__} {number}")
    selection = load_selection(request.selection) if request.selection else None
    search = Search(
        dataset,
        learner,
        plugins.manager,
        request.space,
        selection,
        request.out,
        request.augment,
        {name: getattr(request, name) for name in PRUNING},
    )
    result = search.run()
    measured, notes = look_up(plugins, request, result.cell)
    finished = Finished(result, measured, notes)
    _write(request, settings, finished)
    plots.draw_search(
        result.records,
        learner.supernet,
        request.out / PICTURES,
        _measured_cells(plugins, request, result) if measured else None,
    )
    _draw_eigenvalues(request, hooks)
    return finished


def named_strategy(plugins: Plugins, names: str) -> Strategy:
    """Return a strategy by its name, or the combination of several joined by ``+``.

    Raises:
        ConfigError: A name is unknown, or two of them contradict each other.
    """
    first, *others = names.split("+")
    strategy: Strategy = plugins.create("strategies", first)
    for name in others:
        strategy = combine(strategy, plugins.create("strategies", name))
    return strategy


def look_up(
    plugins: Plugins, request: SearchRequest, cell: str
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """Return what the tables of a space hold for a cell, and why others cannot be read."""
    measured: list[Measured] = []
    notes: list[str] = []
    for name in plugins.names("benchmarks"):
        if getattr(plugins.registration("benchmarks", name), "space", "") != request.space:
            continue
        try:
            table: BenchmarkTable = plugins.create("benchmarks", name, root=request.data_root)
            measured += [
                Measured(table.label, dataset, metric, table.query(cell, dataset, metric))
                for dataset, metrics in table.columns().items()
                for metric in metrics
            ]
        except TableError as error:
            notes.append(str(error))
    return tuple(measured), tuple(notes)


def _measured_cells(plugins: Plugins, request: SearchRequest, result: SearchResult) -> list[float]:
    """Return what the first table of the space holds first, for the cell of every epoch."""
    by_cell = {
        cell: look_up(plugins, request, cell)[0][0].value
        for cell in {record.cell for record in result.records}
    }
    return [by_cell[record.cell] for record in result.records]


def _hooks(request: SearchRequest, settings: SearchSettings, learner: Learner) -> list[object]:
    """Return the plugin objects that the request names."""
    named = [request.bdp, request.random_pruning, request.el2n]
    if sum(one is not None for one in named) > 1:
        raise SearchError("name one of --bdp, --random-pruning and --el2n; they cannot be combined")
    hooks: list[object] = []
    if request.bdp is not None:
        hooks.append(
            BilevelPruner(
                _schedule(request.bdp),
                weights_drops=request.weights_drops,
                architecture_drops=request.architecture_drops,
                class_balance=request.class_balance,
            )
        )
    if request.random_pruning is not None:
        hooks.append(RandomPruner(_schedule(request.random_pruning), seed=settings.seed))
    if request.el2n is not None:
        hooks.append(EL2NPruner(request.el2n))
    if request.hessian_every:
        hooks.append(HessianTracker(learner, request.hessian_every))
    if request.tensorboard:
        hooks.append(TensorBoard(request.out / "tensorboard"))
    return hooks


def _draw_eigenvalues(request: SearchRequest, hooks: Sequence[object]) -> None:
    """Draw and write what was estimated of the Hessian, if anything was."""
    for tracker in hooks:
        if isinstance(tracker, HessianTracker) and tracker.values:
            figure = plots.eigenvalue_figure({request.strategy: tracker.values})
            plots.save(figure, request.out / PICTURES / "eigenvalue.png")
            text = json.dumps(tracker.values, indent=2) + "\n"
            write_atomically(request.out / "eigenvalues.json", text.encode())


def _schedule(text: str) -> str | float:
    """Read a preset's name or a fraction."""
    try:
        return float(text)
    except ValueError:
        return text


def _write(request: SearchRequest, settings: SearchSettings, finished: Finished) -> None:
    result = finished.result
    content = {
        "cell": result.cell,
        "space": request.space,
        "strategy": request.strategy,
        "dataset": request.dataset,
        "seconds": result.seconds,
        "examples_processed": result.processed,
        "settings": settings.model_dump(),
        "measured": [one._asdict() for one in finished.measured],
    }
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(request.out / "result.json", text.encode())


def _first() -> np.ndarray[Any, np.dtype[np.int64]]:
    import numpy as np

    return np.array([0])
