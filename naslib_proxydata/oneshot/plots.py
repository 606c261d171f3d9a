"""Figures of one-shot searches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from naslib_proxydata.figures import (
    PALETTE,
    axes_of,
    keep_in_percent,
    new_figure,
    plain,
    whole_ticks,
)
from naslib_proxydata.oneshot.records import EpochRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from naslib_proxydata.oneshot.mixture import Choices
    from naslib_proxydata.oneshot.supernets.base import ChosenEdge, Supernet

KNOWN_COLOURS = {
    "none": "#E4E4E4",
    "output": "#E4E4E4",
    "skip_connect": "#B0B0B0",
    "noise": "#6E6E6E",
    "avg_pool_3x3": "#F0E442",
    "max_pool_3x3": "#E69F00",
    "maxpool3x3": "#E69F00",
    "nor_conv_1x1": "#56B4E9",
    "conv1x1-bn-relu": "#56B4E9",
    "nor_conv_3x3": "#0072B2",
    "conv3x3-bn-relu": "#0072B2",
    "sep_conv_3x3": "#0072B2",
    "sep_conv_5x5": "#56B4E9",
    "dil_conv_3x3": "#D55E00",
    "dil_conv_5x5": "#CC79A7",
}
"""The same operation has the same colour in every figure; those that pass on a value are grey."""
MARK = "#FF2D00"
"""Colour of the rectangle around a chosen operation, readable on the whole colour map."""
LEVEL_COLOURS = {"weights": PALETTE[0], "architecture": PALETTE[1]}


def search_figures(
    records: Sequence[EpochRecord],
    supernet: Supernet,
    measured: Sequence[float] | None = None,
    source: str = "benchmark",
) -> dict[str, Figure | Axes]:
    """Return the figures of one search by name.

    Args:
        records: One for each epoch.
        supernet: The network that was searched.
        measured: Accuracy in percent that a table holds for the cell of each epoch.
        source: Names of the table, its dataset and its metric.
    """
    trajectory = trajectory_figure(records, measured, source)
    figures: dict[str, Figure | Axes] = {"trajectory": trajectory}
    strengths = {kind: np.array(values) for kind, values in records[-1].strengths.items()}
    places = supernet.chosen_places(strengths)
    for kind, choices in supernet.choices.items():
        figures[f"strengths-{kind}"] = draw_strengths(
            choices, strengths[kind], kind, chosen=places[kind]
        )
    for kind, cell in supernet.chosen(strengths).items():
        figures[f"cell-{kind}"] = draw_cell(cell, kind)
    return figures


def trajectory_figure(
    records: Sequence[EpochRecord],
    measured: Sequence[float] | None = None,
    source: str = "benchmark",
) -> Figure:
    """Draw accuracies, examples left by class and search time over the epochs.

    Args:
        records: One for each epoch.
        measured: Accuracy in percent that a table holds for the cell of each epoch, nan where it
            lacks the cell.
        source: Names of the table, its dataset and its metric.
    """
    figure = new_figure(12, 4.2)
    panels: Any = figure.subplots(1, 3)
    accuracy, left, seconds = panels
    epochs = [record.epoch for record in records]
    for level, colour in LEVEL_COLOURS.items():
        values = [record.metrics[f"{level}_accuracy"] for record in records]
        label = f"supernet, {level} batches"
        accuracy.plot(epochs, values, _line_style(values), color=colour, label=label)
    if measured is not None:
        label = f"current cell, {plain(source)}"
        accuracy.plot(epochs, measured, _line_style(measured), color=PALETTE[2], label=label)
    accuracy.set(xlabel="epoch", ylabel="accuracy (%)", title="accuracy", ylim=(0, None))
    _draw_left(left, epochs, records)
    spent = np.cumsum([record.metrics["seconds"] for record in records])
    seconds.plot(epochs, spent, _line_style(spent), color=PALETTE[0])
    seconds.set(xlabel="epoch", ylabel="search time so far (s)", title="time", ylim=(0, None))
    for panel in (accuracy, left, seconds):
        whole_ticks(panel)
    for panel in (accuracy, left):
        panel.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    return figure


def _draw_left(panel: Any, epochs: Sequence[int], records: Sequence[EpochRecord]) -> None:
    for level, colour in LEVEL_COLOURS.items():
        if records[0].left_by_class:
            by_class = np.array([record.left_by_class[level] for record in records])  # type: ignore[index]
            mean, label = by_class.mean(1), f"{level}, mean of classes"
            style = _line_style(mean)
            panel.plot(epochs, by_class, style, color=colour, alpha=0.25, linewidth=0.8)
            panel.plot(epochs, mean, style, color=colour, label=label)
        else:
            values = [record.left[level] for record in records]  # type: ignore[index]
            panel.plot(epochs, values, _line_style(values), color=colour, label=level)
    by_class_title = "examples left, by class" if records[0].left_by_class else "examples left"
    panel.set(xlabel="epoch", ylabel="examples", title=by_class_title, ylim=(0, None))


def _line_style(values: Any) -> str:
    """Return a line, with points too where values without neighbours would not be seen."""
    known = np.isfinite(np.asarray(values, dtype=float))
    return "-" if known.all() and len(known) > 1 else ".-"


def draw_strengths(
    choices: Choices,
    strengths: Any,
    title: str,
    ax: Axes | None = None,
    *,
    chosen: Sequence[tuple[int, int]] = (),
) -> Axes:
    """Draw the strength of every candidate of every edge as a heat map.

    A rectangle marks what the architecture holds (BDP, Bi-level Data Pruning, figure 4).

    Args:
        choices: Edges and candidates.
        strengths: Shape (edges, operations).
        title: What the figure shows.
        ax: Where to draw; a new figure where None.
        chosen: (row, column) of each candidate that is marked.
    """
    edges, operations = choices.shape
    panel: Any = axes_of(ax, *strengths_size(choices))
    image = panel.imshow(strengths, cmap="viridis", aspect="auto")
    digits = 2 if np.ptp(strengths) > 0.1 else 4
    same = len(set(choices.operations)) == 1
    panel.set_xticks(range(operations))
    names = choices.operations[0] if same else [f"candidate {n + 1}" for n in range(operations)]
    panel.set_xticklabels(names, rotation=25, ha="right", fontsize=8)
    panel.set_yticks(range(edges))
    panel.set_yticklabels([f"{source} to {target}" for source, target in choices.edges], fontsize=8)
    middle = (np.max(strengths) + np.min(strengths)) / 2
    for row in range(edges):
        for column in range(operations):
            value = strengths[row, column]
            number = f"{value:.{digits}f}"
            label = number if same else f"{choices.operations[row][column]} {number}"
            colour = "black" if value > middle else "white"
            panel.text(column, row, label, ha="center", va="center", color=colour, fontsize=7)
    for row, column in chosen:
        panel.add_patch(_mark(row, column))
    panel.set(ylabel="edge", title=f"{title}: strength of each candidate")
    panel.figure.colorbar(image, ax=panel)
    return cast("Axes", panel)


def strengths_size(choices: Choices) -> tuple[float, float]:
    """Return width and height in inches at which a heat map of strengths can be read."""
    edges, operations = choices.shape
    return 1.4 * operations + 2.2, 0.42 * edges + 1.6


def _mark(row: int, column: int) -> Any:
    """Return a rectangle just within one square of a heat map."""
    from matplotlib.patches import Rectangle

    corner = (column - 0.47, row - 0.44)
    return Rectangle(corner, 0.94, 0.88, fill=False, edgecolor=MARK, linewidth=2.2)


def draw_cell(cell: Sequence[ChosenEdge], title: str, ax: Axes | None = None) -> Axes:
    """Draw a cell: nodes in a row, an arc for each edge, coloured by its operation.

    Args:
        cell: Its edges.
        title: What the figure shows.
        ax: Where to draw; a new figure where None.
    """
    from matplotlib.patches import FancyArrowPatch

    nodes = 1 + max(edge.target for edge in cell)
    panel: Any = axes_of(ax, 1.6 * nodes + 1, 4.2)
    colours = operation_colours([edge.operation for edge in cell])
    for number, (source, target, name) in enumerate(cell):
        bend = 0.0 if target == source + 1 else (-0.4 if number % 2 else 0.4)
        panel.add_patch(
            FancyArrowPatch(
                (source, 0),
                (target, 0),
                connectionstyle=f"arc3,rad={bend}",
                arrowstyle="-|>",
                mutation_scale=14,
                shrinkA=13,
                shrinkB=13,
                color=colours[name],
                linewidth=2.2,
                linestyle=":" if name == "none" else "-",
            )
        )
    panel.scatter(range(nodes), [0] * nodes, s=620, color="white", edgecolors="black", zorder=3)
    for node in range(nodes):
        panel.text(node, 0, str(node), ha="center", va="center", zorder=4)
    longest = max(edge.target - edge.source for edge in cell)
    reach = 0.26 * longest + 0.2
    panel.set(xlim=(-0.4, nodes - 0.6), ylim=(-reach, reach), title=f"{title}: chosen operations")
    panel.set_axis_off()
    handles = [_line(colours[name], name) for name in colours]
    panel.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    return cast("Axes", panel)


def operations_figure(
    edges: Sequence[tuple[int, int]], cells: Sequence[Sequence[str]], title: str
) -> Figure:
    """Draw which operations searches chose: a pie for each edge (Moser et al., 2022, figure 5).

    Args:
        edges: (source, target) of each edge.
        cells: For each search, the operation of each edge.
        title: What the figure shows.
    """
    columns = min(6, len(edges))
    rows = -(-len(edges) // columns)
    figure = new_figure(1.9 * columns, 2.0 * rows + 0.9)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    colours = operation_colours([name for cell in cells for name in cell])
    for number, (panel, edge) in enumerate(zip(panels, edges, strict=False)):
        counts = Counter(cell[number] for cell in cells)
        names = [name for name in colours if counts[name]]
        panel.pie([counts[name] for name in names], colors=[colours[name] for name in names])
        panel.set_title(f"{edge[0]} to {edge[1]}", fontsize=9)
    for panel in panels[len(edges) :]:
        panel.set_axis_off()
    figure.suptitle(f"{title}: operations of {len(cells)} searches", fontsize=11)
    handles = [_line(colours[name], name) for name in colours]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def draw_costs(
    points: Mapping[str, Sequence[tuple[float, float]]],
    cost: str,
    accuracy: str,
    ax: Axes | None = None,
    groups: Mapping[str, str] | None = None,
) -> Axes:
    """Draw accuracy against cost: a small point a search, a large one for a method's mean.

    There are eight colours: of more methods give groups, each of which has one.

    Args:
        points: (cost, accuracy in percent) of each search, by method.
        cost: Label of the costs, with their unit.
        accuracy: Label of the accuracies.
        ax: Where to draw; a new figure where None.
        groups: By method, what it is called and coloured as; by default its own name.
    """
    panel: Any = axes_of(ax, 6.2, 4.2)
    colours: dict[str, str] = {}
    for method, values in points.items():
        group = method if groups is None else groups[method]
        named = {} if group in colours else {"label": group}
        colour = colours.setdefault(group, PALETTE[len(colours) % len(PALETTE)])
        costs, accuracies = np.array(values, dtype=float).T
        panel.scatter(costs, accuracies, s=18, color=colour, alpha=0.5)
        panel.scatter(
            costs.mean(), accuracies.mean(), s=110, color=colour, edgecolors="black", **named
        )
    panel.set(xlabel=cost, ylabel=accuracy, xlim=(0, None))
    keep_in_percent(panel, [value for values in points.values() for _, value in values])
    if points:
        # Below the panel: inside it would hide searches.
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "frameon": False}
        panel.legend(title="mean of", fontsize=9, ncols=1 + len(colours) // 5, **below)
    panel.grid(alpha=0.3)
    return cast("Axes", panel)


def draw_eigenvalues(values: Mapping[str, Mapping[int, float]], ax: Axes | None = None) -> Axes:
    """Draw the dominant Hessian eigenvalue over the epochs of several searches.

    Args:
        values: By search, the eigenvalue by epoch.
        ax: Where to draw; a new figure where None.
    """
    panel: Any = axes_of(ax, 6.2, 3.8)
    for number, (name, by_epoch) in enumerate(values.items()):
        colour = PALETTE[number % len(PALETTE)]
        panel.plot(list(by_epoch), list(by_epoch.values()), "o-", color=colour, label=name, ms=4)
    panel.set(xlabel="epoch", ylabel="dominant eigenvalue of the loss in alpha")
    whole_ticks(panel)
    panel.legend(fontsize=9)
    panel.grid(alpha=0.3)
    return cast("Axes", panel)


def operation_colours(operations: Sequence[str]) -> dict[str, str]:
    """Return a colour for each operation that occurs, from the palette where it has none yet."""
    names = sorted(set(operations))
    others = [name for name in names if name not in KNOWN_COLOURS]
    made = {name: PALETTE[number % len(PALETTE)] for number, name in enumerate(others)}
    return {name: KNOWN_COLOURS.get(name) or made[name] for name in names}


def _line(colour: str, label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, label=label, linewidth=3)
