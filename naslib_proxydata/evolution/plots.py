"""The figures of discrete searches, drawn without any global state of matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.evolution.queries import Query

# Okabe and Ito's palette, which colour-blind readers can tell apart.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#6E6E6E"
COLOURS = (GREY, BLUE, ORANGE, "#009E73", "#CC79A7")


class Curve(NamedTuple):
    """A mean over repetitions with its interval, each of shape (queries,)."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG, whatever the file's name ends with."""
    figure.savefig(path, format="png", dpi=150)


def history_figure(history: Sequence[Query], title: str, ordinate: str) -> Any:
    """Draw every query, and the best so far, against the number of queries.

    Args:
        history: What :func:`search_by_value` and its like leave.
        title: The title.
        ordinate: What the values are, with their unit.
    """
    figure, panel = _panel(title)
    numbers = [one.number for one in history]
    worth = [_worth(one) for one in history]
    panel.plot(numbers, worth, ".", color=GREY, alpha=0.7, label="each")
    best = [one.best if math.isfinite(one.best) else math.nan for one in history]
    panel.step(numbers, best, where="post", color=BLUE, lw=2, label="best so far")
    measured = history and not math.isnan(history[0].value)
    panel.set_xlabel("true queries" if measured else "evaluated architectures")
    panel.set_ylabel(ordinate)
    panel.legend(loc="lower right")
    return figure


def front_figure(points: Sequence[Query], front: Sequence[Query], title: str, ordinate: str) -> Any:
    """Draw values against multiply-accumulates, and the front of the best trades."""
    figure, panel = _panel(title)
    macs = [one.macs / 1e6 for one in points]
    panel.plot(macs, [_worth(one) for one in points], ".", color=GREY, alpha=0.7, label="all")
    ordered = sorted(front, key=lambda one: one.macs)
    panel.step(
        [one.macs / 1e6 for one in ordered],
        [_worth(one) for one in ordered],
        where="post",
        marker="o",
        color=ORANGE,
        label="front",
    )
    panel.set_xlabel("multiply-accumulates, millions")
    panel.set_ylabel(ordinate)
    panel.legend(loc="lower right")
    return figure


def curves_figure(
    curves: Mapping[str, Curve], title: str, ordinate: str, lowest: float | None = None
) -> Any:
    """Draw the mean best value of several methods against queries, with intervals.

    Args:
        curves: By the method's name.
        title: The title.
        ordinate: What the values are, with their unit.
        lowest: Where the axis of values begins; by default with the lowest.
    """
    figure, panel = _panel(title)
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        numbers = np.arange(1, len(curve.mean) + 1)
        panel.plot(numbers, curve.mean, color=colour, lw=1.8, label=name)
        panel.fill_between(numbers, curve.low, curve.high, color=colour, alpha=0.2, lw=0)
    panel.set_xlabel("true queries")
    panel.set_ylabel(ordinate)
    panel.set_ylim(bottom=lowest)
    panel.legend(loc="lower right")
    return figure


def shares_figure(runs: Mapping[str, Sequence[int | None]], title: str) -> Any:
    """Draw the share of runs that have reached something against queries, on a log axis.

    Args:
        runs: By the method's name, the number of the query that reached it; None where none did.
        title: The title.
    """
    figure, panel = _panel(title)
    longest = max(number for numbers in runs.values() for number in numbers if number is not None)
    for (name, numbers), colour in zip(runs.items(), COLOURS, strict=False):
        reached = sorted(number for number in numbers if number is not None)
        shares = [100 * place / len(numbers) for place in range(len(reached) + 1)]
        panel.step(
            [1, *reached, longest],
            [*shares, shares[-1]],
            where="post",
            color=colour,
            lw=1.8,
            label=name,
        )
    panel.set_xscale("log")
    panel.set_xlabel("true queries")
    panel.set_ylabel("runs, %")
    figure.legend(loc="outside lower center", ncols=len(runs), fontsize=9)
    return figure


def _worth(one: Query) -> float:
    """Return what a point is drawn at, nan where that is infinite."""
    return one.worth if math.isfinite(one.worth) else math.nan


def _panel(title: str) -> tuple[Any, Any]:
    """Return a figure that belongs to no window system, and its only panel."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    panel.set_title(title, fontsize=11)
    panel.grid(alpha=0.3)
    return figure, panel
