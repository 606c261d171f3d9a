"""Figures of an experiment: its rows in one picture."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from naslib_proxydata.assemble.outcomes import Outcome
from naslib_proxydata.config import ExperimentFile
from naslib_proxydata.config.experiment import CURVE
from naslib_proxydata.figures import PALETTE, axes_of, plain
from naslib_proxydata.oneshot.plots import draw_costs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = Sequence[tuple[float, Sequence[float]]]
"""For each place on the axis, the values of the searches there."""


def experiment_figures(
    file: ExperimentFile, outcomes: Sequence[Outcome]
) -> dict[str, Figure | Axes]:
    """Return the figures that a file asks for, by name, of the searches that are finished."""
    done = [one for one in outcomes if not one.reason]
    figures: dict[str, Figure | Axes] = {}
    for name in file.figures if done else ():
        if name == "costs":
            figures["costs"] = _costs(file, done)
        elif name.startswith(CURVE):
            dimension = name.removeprefix(CURVE)
            figures[f"curve-over-{dimension}"] = _curve(file, done, dimension)
    return figures


def _costs(file: ExperimentFile, done: Sequence[Outcome]) -> Axes:
    points: dict[str, list[tuple[float, float]]] = {}
    for one in done:
        value = one.values[file.columns[0].name]
        if value is not None and one.processed is not None:
            points.setdefault(plain(one.row), []).append((one.processed, value))
    return draw_costs(points, "examples processed", _label(file))


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
        panel.plot(places, means, "o-", color=colour, label=plain(name) or None, markersize=4)
        low = [mean - sd for mean, sd in zip(means, sds, strict=True)]
        high = [mean + sd for mean, sd in zip(means, sds, strict=True)]
        panel.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    panel.set(xlabel=plain(axis), ylabel=value)
    if any(lines):
        panel.legend(fontsize=9)
    panel.grid(alpha=0.3)
    return cast("Axes", panel)


def _label(file: ExperimentFile) -> str:
    column = file.columns[0]
    return plain(f"{column.dataset} {column.metric.replace('_', ' ')} (%)")
