"""Figures of a selection: scores and classes of the whole dataset and of what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.histogram import log_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WHOLE, CHOSEN = "#B8B8B8", "#0072B2"
LINEAR_BINS = 40
NAMED_CLASSES = 20


def draw_selection(
    path: Path,
    title: str,
    indices: NDArray[np.int64],
    *,
    scores: NDArray[np.float64] | None,
    labels: NDArray[np.int64] | None,
    class_names: Sequence[str] = (),
    bin_width: float = 0.5,
    score_name: str = "score",
) -> None:
    """Write a PNG with a panel for scores and a panel for classes, as far as there are any.

    Args:
        path: The file to write.
        title: What stands above.
        indices: The chosen examples.
        scores: Scores of the whole dataset, shape (n,), or None.
        labels: Classes of the whole dataset, shape (n,), or None.
        class_names: Names of the classes.
        bin_width: Width of a bin, in log10 units where the axis is logarithmic.
        score_name: What the scores are, with their unit.
    """
    panels = (scores is not None) + (labels is not None)
    figure = new_figure(5.2 * max(1, panels), 3.6)
    axes = list(np.atleast_1d(figure.subplots(1, max(1, panels))))
    if scores is not None:
        draw_scores(axes.pop(0), scores, indices, bin_width, score_name)
    if labels is not None:
        draw_classes(axes.pop(0), labels, indices, class_names)
    figure.suptitle(title, fontsize=11)
    save_figure(figure, path)


def draw_scores(
    axes: Any,
    scores: NDArray[np.float64],
    indices: NDArray[np.int64],
    bin_width: float,
    score_name: str,
) -> None:
    """Draw counts by bin of all and of the chosen examples (arXiv 2106.04784, figure 2).

    The horizontal axis is logarithmic where the scores are positive and span two decades.
    """
    smallest, largest = float(scores.min()), float(scores.max())
    if smallest >= 0 and largest > 0 and largest >= 100 * float(scores[scores > 0].min()):
        histogram = log_histogram(scores, bin_width)
        edges, places = histogram.edges, histogram.bins(scores)
        axes.set_xlabel(f"log10 of {score_name}")
    else:
        edges = np.linspace(smallest, largest if largest > smallest else smallest + 1, LINEAR_BINS)
        places = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, LINEAR_BINS - 2)
        axes.set_xlabel(score_name)
    highest = np.bincount(places).max()
    for chosen, colour, name in ((places, WHOLE, "whole"), (places[indices], CHOSEN, "chosen")):
        counts = np.bincount(chosen, minlength=len(edges) - 1)
        label = f"{name} ({len(chosen):,})"
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colour, label=label)
    axes.set_yscale("log")
    axes.set_ylim(0.7, 6 * highest)  # room for the legend
    axes.set_ylabel("examples in the bin")
    axes.legend(fontsize=8, frameon=False, ncols=2)
    _tidy(axes)


def draw_classes(
    axes: Any,
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    class_names: Sequence[str],
) -> None:
    """Draw the chosen examples of each class, and what proportional classes would have."""
    sizes = np.bincount(labels)
    counts = np.bincount(labels[indices], minlength=len(sizes))
    classes = np.arange(len(sizes))
    axes.bar(classes, counts, color=CHOSEN, label="chosen")
    expected = sizes * len(indices) / len(labels)
    axes.step(classes, expected, where="mid", color="black", linewidth=1, label="in proportion")
    axes.set_xlabel("class")
    axes.set_ylabel("chosen examples")
    axes.set_ylim(0, 1.25 * max(counts.max(), expected.max()))
    if len(sizes) <= NAMED_CLASSES:
        names = list(class_names) if len(class_names) == len(sizes) else [str(c) for c in classes]
        axes.set_xticks(classes, names, rotation=45, ha="right", fontsize=8)
    axes.legend(fontsize=8, frameon=False, ncols=2)
    _tidy(axes)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=150)


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure that no global state of matplotlib knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
