"""Figures of an experiment: its rows in one picture."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from naslib_proxydata.assemble.outcomes import Outcome
from naslib_proxydata.config import ExperimentFile
from naslib_proxydata.config.experiment import COSTS, CURVE, OPERATIONS, STRENGTHS, TRAJECTORIES
from naslib_proxydata.figures import PALETTE, axes_of, keep_in_percent, plain
from naslib_proxydata.oneshot.comparison_plots import (
    SearchTrace,
    strengths_figure,
    trajectories_figure,
)
from naslib_proxydata.oneshot.plots import draw_costs, operations_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from naslib_proxydata.oneshot.records import EpochRecord
    from naslib_proxydata.oneshot.supernets.base import Supernet

_log = logging.getLogger(__name__)

Points = Sequence[tuple[float, Sequence[float]]]
"""For each place on the axis, the values of the searches there."""


MOST_SIDE_BY_SIDE = 4
"""Heat maps in one figure."""
STYLES = ("o-", "s--", "^:", "D-.")
"""Of lines of one colour, where they are more than colours."""
PROCESSED = "examples processed"
NOT_CHOSEN = "not in the cell"
"""What an edge is called that a found cell does not have."""


def experiment_figures(
    file: ExperimentFile, outcomes: Sequence[Outcome], supernet_of: Callable[[str], Supernet]
) -> dict[str, Figure | Axes]:
    """Return the figures that a file asks for, by name, of the searches that are finished.

    Args:
        file: The experiment.
        outcomes: All searches.
        supernet_of: Returns a network of a row's space, by the row's label.
    """
    done = [one for one in outcomes if not one.reason]
    figures: dict[str, Figure | Axes] = {}
    for name in file.figures if done else ():
        if name == TRAJECTORIES:
            figures[name] = _trajectories(file, done)
        elif name == STRENGTHS:
            figures |= _strengths(done, supernet_of)
        elif name == OPERATIONS:
            figures |= _operations(file, done, supernet_of)
        elif name == COSTS:
            figures |= _costs(file, done)
        elif name.startswith(CURVE):
            dimension = name.removeprefix(CURVE)
            figures[f"curve-over-{dimension}"] = _curve(file, done, dimension)
    return figures


def _trajectories(file: ExperimentFile, done: Sequence[Outcome]) -> Figure:
    """Draw accuracy of the current cell, examples left and eigenvalue, a line for each row."""
    traces: dict[str, list[SearchTrace]] = {}
    for one in done:
        trace = SearchTrace.of(one.records, one.accuracies or None, one.eigenvalues)
        traces.setdefault(one.row, []).append(trace)
    return (
        trajectories_figure(traces, _label(file)) if file.columns else trajectories_figure(traces)
    )


def _by_space(
    done: Sequence[Outcome], supernet_of: Callable[[str], Supernet]
) -> list[tuple[Supernet, list[Outcome]]]:
    """Return the searches of each space, with a network of it that knows edges and candidates."""
    supernets = {row: supernet_of(row) for row in dict.fromkeys(one.row for one in done)}
    groups: list[tuple[Supernet, list[Outcome]]] = []
    for one in done:
        own = supernets[one.row]
        same = (group for supernet, group in groups if supernet.choices == own.choices)
        group = next(same, None)
        if group is None:
            groups.append((own, [one]))
        else:
            group.append(one)
    return groups


def _strengths(
    done: Sequence[Outcome], supernet_of: Callable[[str], Supernet]
) -> dict[str, Figure | Axes]:
    """Draw the final strengths of each row's first search, those of one space side by side."""
    pages: list[tuple[Supernet, dict[str, EpochRecord]]] = []
    for supernet, searches in _by_space(done, supernet_of):
        first = list({one.row: one for one in reversed(searches)}.values())[::-1]
        for start in range(0, len(first), MOST_SIDE_BY_SIDE):
            shown = first[start : start + MOST_SIDE_BY_SIDE]
            last = {f"{one.row}, seed {one.seed}": one.records[-1] for one in shown}
            pages.append((supernet, last))
    return {
        f"strengths-{kind}{_part(number, pages)}": strengths_figure(last, supernet, kind)
        for number, (supernet, last) in enumerate(pages, 1)
        for kind in supernet.choices
    }


def _operations(
    file: ExperimentFile, done: Sequence[Outcome], supernet_of: Callable[[str], Supernet]
) -> dict[str, Figure | Axes]:
    """Draw which operations all searches of a space chose, a pie for each edge."""
    spaces = _by_space(done, supernet_of)
    return {
        f"operations-{kind}{_part(number, spaces)}": operations_figure(
            choices.edges,
            [_operations_of(one, supernet, kind) for one in searches],
            plain(f"{file.title}, {kind}" if file.title else kind),
        )
        for number, (supernet, searches) in enumerate(spaces, 1)
        for kind, choices in supernet.choices.items()
    }


def _operations_of(one: Outcome, supernet: Supernet, kind: str) -> tuple[str, ...]:
    """Return the operation of each edge of the found cell, of those it lacks, too."""
    strengths = {name: np.array(values) for name, values in one.records[-1].strengths.items()}
    chosen = {(edge[0], edge[1]): edge.operation for edge in supernet.chosen(strengths)[kind]}
    return tuple(chosen.get(edge, NOT_CHOSEN) for edge in supernet.choices[kind].edges)


def _part(number: int, all_of_them: Sequence[object]) -> str:
    """Return what follows the name of one figure of several."""
    return f"-{number}" if len(all_of_them) > 1 else ""


def _costs(file: ExperimentFile, done: Sequence[Outcome]) -> dict[str, Figure | Axes]:
    """Draw the first column over the examples processed; nothing where colours do not suffice."""
    points: dict[str, list[tuple[float, float]]] = {}
    levels: dict[str, Mapping[str, str]] = {}
    for one in done:
        value = one.values[file.columns[0].name]
        if value is not None and one.processed is not None:
            points.setdefault(plain(one.row), []).append((one.processed, value))
            levels[plain(one.row)] = one.levels
    if len(points) <= len(PALETTE):
        return {COSTS: draw_costs(points, PROCESSED, _label(file))}
    dimension = next((name for name, of in file.grid.items() if len(of) <= len(PALETTE)), None)
    if dimension is None:
        _log.info(
            "no figure %r: %d rows have more names than its %d colours, and no dimension of a grid "
            "has fewer levels; name rows with --rows to see some of them",
            *(COSTS, len(points), len(PALETTE)),
        )
        return {}
    groups = {row: plain(f"{dimension} {of[dimension]}") for row, of in levels.items()}
    return {COSTS: draw_costs(points, PROCESSED, _label(file), groups=groups)}


def _curve(file: ExperimentFile, done: Sequence[Outcome], dimension: str) -> Axes:
    """Draw the first column over a dimension, a line for each level of all others."""
    lines: dict[str, dict[str, list[float]]] = {}
    for one in done:
        value = one.values[file.columns[0].name]
        if value is not None:
            others = [level for name, level in one.levels.items() if name != dimension]
            line = lines.setdefault(", ".join(others), {})
            line.setdefault(one.levels[dimension], []).append(value)
    places = axis_places(list(file.grid[dimension]))
    points = {
        name: sorted((places[level], values) for level, values in by_level.items())
        for name, by_level in lines.items()
    }
    ax = draw_curves(points, dimension, _label(file))
    if not _are_numbers(file.grid[dimension]):
        cast("Any", ax).set_xticks(list(places.values()), [plain(level) for level in places])
    return ax


def axis_places(levels: Sequence[str]) -> dict[str, float]:
    """Return where levels stand on an axis: at their numbers, or in their order."""
    if _are_numbers(levels):
        return {level: float(level) for level in levels}
    return {level: float(place) for place, level in enumerate(levels)}


def _are_numbers(levels: Sequence[str] | Mapping[str, Any]) -> bool:
    try:
        return all(float(level) < float("inf") for level in levels)
    except ValueError:
        return False


def draw_curves(lines: Mapping[str, Points], axis: str, value: str, ax: Axes | None = None) -> Axes:
    """Draw means as lines, and a band of one sample standard deviation around each.

    Args:
        lines: By name, the values at each place.
        axis: What the places are.
        value: Label of the values, with their unit.
        ax: Where to draw; a new figure where None.
    """
    panel: Any = axes_of(ax, 6.2, 4.2)
    for number, (name, points) in enumerate(lines.items()):
        colour = PALETTE[number % len(PALETTE)]
        places = [place for place, _ in points]
        means = [statistics.fmean(values) for _, values in points]
        sds = [statistics.stdev(values) if len(values) > 1 else 0.0 for _, values in points]
        style = STYLES[number // len(PALETTE) % len(STYLES)]
        panel.plot(places, means, style, color=colour, label=plain(name) or None, markersize=4)
        low = [mean - sd for mean, sd in zip(means, sds, strict=True)]
        high = [mean + sd for mean, sd in zip(means, sds, strict=True)]
        panel.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    panel.set(xlabel=plain(axis), ylabel=value)
    keep_in_percent(panel, [one for points in lines.values() for _, of in points for one in of])
    if any(lines):
        panel.legend(fontsize=9)
    panel.grid(alpha=0.3)
    return cast("Axes", panel)


def _label(file: ExperimentFile) -> str:
    column = file.columns[0]
    return plain(f"{column.name.replace('_', ' ')} (%)")
