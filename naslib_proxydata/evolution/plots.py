"""The figures of discrete searches; each is drawn on the caller's axes, or on new ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.figures import BLUE, GREEN, GREY, ORANGE, PINK, axes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (GREY, BLUE, ORANGE, GREEN, PINK)
"""Of methods that are compared, in their order; the first is the one to beat."""
WIDTH, HEIGHT = 6.4, 4.2
"""Of a new figure, in inches."""


class Curve(NamedTuple):
    """A mean over repetitions with its interval, each of shape (queries,)."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def draw_history(history: Sequence[Query], title: str, label: str, ax: Axes | None = None) -> Axes:
    """Draw every query, and the best so far, against the number of queries.

    Args:
        history: Every query, or every evaluation of a search without queries.
        title: The title.
        label: What the fitness is, with its unit.
        ax: Where to draw; new axes where None.
    """
    panel = _titled(title, ax)
    numbers = [query.number for query in history]
    fitness = [_drawn(query.fitness) for query in history]
    panel.plot(numbers, fitness, ".", color=GREY, alpha=0.7, label="each")
    best = [_drawn(query.best) for query in history]
    panel.step(numbers, best, where="post", color=BLUE, lw=2, label="best so far")
    measured = history and not math.isnan(history[0].value)
    panel.set_xlabel("true queries" if measured else "evaluated architectures")
    panel.set_ylabel(label)
    panel.legend(loc="lower right")
    return panel


def draw_front(
    history: Sequence[Query],
    front: Sequence[Query],
    title: str,
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw fitness against multiply-accumulates, and the front of the best trades.

    Args:
        history: All queries.
        front: Those of them on the front.
        title: The title.
        label: What the fitness is, with its unit.
        ax: Where to draw; new axes where None.
    """
    panel = _titled(title, ax)
    fitness = [_drawn(query.fitness) for query in history]
    panel.plot(_millions(history), fitness, ".", color=GREY, alpha=0.7, label="all")
    ordered = sorted(front, key=lambda query: query.macs)
    panel.step(
        _millions(ordered),
        [_drawn(query.fitness) for query in ordered],
        where="post",
        marker="o",
        color=ORANGE,
        label="front",
    )
    panel.set_xlabel("multiply-accumulates, millions")
    panel.set_ylabel(label)
    panel.legend(loc="lower right")
    return panel


def draw_curves(
    curves: Mapping[str, Curve],
    title: str,
    label: str,
    lowest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean best value of several methods against queries, with intervals.

    Args:
        curves: By the method's name.
        title: The title.
        label: What the values are, with their unit.
        lowest: Where the axis of values begins; by default with the lowest.
        ax: Where to draw; new axes where None.
    """
    panel = _titled(title, ax)
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        numbers = np.arange(1, len(curve.mean) + 1)
        panel.plot(numbers, curve.mean, color=colour, lw=1.8, label=name)
        panel.fill_between(numbers, curve.low, curve.high, color=colour, alpha=0.2, lw=0)
    panel.set_xlabel("true queries")
    panel.set_ylabel(label)
    panel.set_ylim(bottom=lowest)
    panel.legend(loc="lower right")
    return panel


def draw_shares(
    runs: Mapping[str, Sequence[int | None]], title: str, ax: Axes | None = None
) -> Axes:
    """Draw the share of runs that have reached something against queries, on a log axis.

    Args:
        runs: By the method's name, the number of the query that reached it; None where none did.
        title: The title.
        ax: Where to draw; new axes where None.
    """
    panel = _titled(title, ax)
    reaching = [number for numbers in runs.values() for number in numbers if number is not None]
    longest = max(reaching, default=1)
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
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=len(runs), fontsize=9)
    return panel


def _drawn(fitness: float) -> float:
    """Return what a point is drawn at, nan where that is infinite."""
    return fitness if math.isfinite(fitness) else math.nan


def _millions(queries: Sequence[Query]) -> list[float]:
    """Return multiply-accumulates in millions."""
    return [query.macs / 1e6 for query in queries]


def _titled(title: str, ax: Axes | None) -> Axes:
    panel = axes_of(ax, WIDTH, HEIGHT)
    panel.set_title(title, fontsize=11)
    panel.grid(alpha=0.3)
    return panel
