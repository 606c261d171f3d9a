"""Figures of a selection: scores and classes of the whole dataset and of what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.figures import BLUE, axes_of, new_figure
from naslib_proxydata.selection.histogram import log_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

WHOLE, CHOSEN = "#B8B8B8", BLUE  # a grey that recedes behind what was chosen
LINEAR_BINS = 40
NAMED_CLASSES = 20
PANEL = (5.2, 3.6)
"""Width and height of a panel, in inches."""


def selection_figure(
    title: str,
    indices: NDArray[np.int64],
    *,
    scores: NDArray[np.float64] | None = None,
    labels: NDArray[np.int64] | None = None,
    class_names: Sequence[str] = (),
    bin_width: float = 0.5,
    score_name: str = "score",
) -> Figure:
    """Return a figure with a panel for scores and a panel for classes, as far as there are any.

    Args:
        title: What stands above.
        indices: The chosen examples.
        scores: Scores of the whole dataset, shape (n,), or None.
        labels: Classes of the whole dataset, shape (n,), or None.
        class_names: Names of the classes.
        bin_width: Width of a bin, in log10 units where the axis is logarithmic.
        score_name: What the scores are, with their unit.
    """
    panels = max(1, (scores is not None) + (labels is not None))
    figure = new_figure(PANEL[0] * panels, PANEL[1])
    axes = list(np.atleast_1d(figure.subplots(1, panels)))
    if scores is not None:
        draw_scores(scores, indices, bin_width, score_name, ax=axes.pop(0))
    if labels is not None:
        draw_classes(labels, indices, class_names, ax=axes.pop(0))
    figure.suptitle(title, fontsize=11)
    return figure


def draw_scores(
    scores: NDArray[np.float64],
    indices: NDArray[np.int64],
    bin_width: float = 0.5,
    score_name: str = "score",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw counts by bin of all and of the chosen examples (arXiv 2106.04784, figure 2).

    The horizontal axis is logarithmic where the scores are positive and span two decades.

    Args:
        scores: Scores of the whole dataset, shape (n,).
        indices: The chosen examples.
        bin_width: Width of a bin, in log10 units where the axis is logarithmic.
        score_name: What the scores are, with their unit.
        ax: Where to draw; new axes where None.
    """
    ax = axes_of(ax, *PANEL)
    smallest, largest = float(scores.min()), float(scores.max())
    if smallest >= 0 and largest > 0 and largest >= 100 * float(scores[scores > 0].min()):
        histogram = log_histogram(scores, bin_width)
        edges, places = histogram.edges, histogram.bins(scores)
        ax.set_xlabel(f"log10 of {score_name}")
    else:
        edges = np.linspace(smallest, largest if largest > smallest else smallest + 1, LINEAR_BINS)
        places = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, LINEAR_BINS - 2)
        ax.set_xlabel(score_name)
    highest = np.bincount(places).max()
    for chosen, colour, name in ((places, WHOLE, "whole"), (places[indices], CHOSEN, "chosen")):
        counts = np.bincount(chosen, minlength=len(edges) - 1)
        label = f"{name} ({len(chosen):,})"
        ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colour, label=label)
    ax.set_yscale("log")
    ax.set_ylim(0.7, 6 * highest)  # room for the legend
    ax.set_ylabel("examples in the bin")
    return _tidy(ax)


def draw_classes(
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    class_names: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the chosen examples of each class, and what proportional classes would have.

    Args:
        labels: Classes of the whole dataset, shape (n,).
        indices: The chosen examples.
        class_names: Names of the classes.
        ax: Where to draw; new axes where None.
    """
    ax = axes_of(ax, *PANEL)
    sizes = np.bincount(labels)
    counts = np.bincount(labels[indices], minlength=len(sizes))
    classes = np.arange(len(sizes))
    ax.bar(classes, counts, color=CHOSEN, label="chosen")
    expected = sizes * len(indices) / len(labels)
    ax.step(classes, expected, where="mid", color="black", linewidth=1, label="in proportion")
    ax.set_xlabel("class")
    ax.set_ylabel("chosen examples")
    ax.set_ylim(0, 1.25 * max(counts.max(), expected.max()))
    if len(sizes) <= NAMED_CLASSES:
        names = (
            class_names if len(class_names) == len(sizes) else [str(number) for number in classes]
        )
        ax.set_xticks(classes, list(names), rotation=45, ha="right", fontsize=8)
    return _tidy(ax)


def _tidy(ax: Axes) -> Axes:
    ax.legend(fontsize=8, frameon=False, ncols=2)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    return ax
