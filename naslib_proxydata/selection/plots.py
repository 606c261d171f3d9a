"""Figures of a selection: scores and classes of the whole dataset and of what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from naslib_proxydata.data.base import evenly_spaced
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.figures import BLUE, axes_of, new_figure, plain
from naslib_proxydata.selection.histogram import log_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

WHOLE, CHOSEN = "#B8B8B8", BLUE  # a grey that recedes behind what was chosen
LINEAR_BINS = 40
NAMED_CLASSES = 20
TSNE_EXAMPLES = 3000
"""At most so many examples of all, and of the chosen, are shown: t-SNE slows down with more."""
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


def tsne_examples(count: int, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the examples that t-SNE shows: evenly spaced ones of all and of the chosen.

    Args:
        count: Number of examples of the dataset.
        chosen: The chosen ones, int64, ascending.
    """
    return np.union1d(
        evenly_spaced(count, TSNE_EXAMPLES), chosen[evenly_spaced(len(chosen), TSNE_EXAMPLES)]
    )


def tsne_points(features: NDArray[Any], seed: int) -> NDArray[np.float64]:
    """Return the t-SNE of features in the plane, shape (n, 2), with scikit-learn's settings.

    Args:
        features: Shape (n, dimensions).
        seed: Of its random start.

    Raises:
        SelectionError: There are fewer than three examples.
    """
    from sklearn.manifold import TSNE

    if len(features) < 3:
        raise SelectionError(f"t-SNE needs at least 3 examples, got {len(features)}")
    perplexity = min(30.0, (len(features) - 1) / 3)  # scikit-learn's, fewer neighbours where few
    made = TSNE(2, perplexity=perplexity, random_state=seed).fit_transform(features)
    return np.asarray(made, dtype=np.float64)


def draw_tsne(
    points: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    labels: NDArray[np.int64] | None = None,
    class_names: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the chosen examples, coloured by class, over all (arXiv 2106.04784, appendix).

    Args:
        points: Shape (n, 2).
        chosen: Which of them were chosen, shape (n,).
        labels: Their classes, shape (n,), or None.
        class_names: Names of the classes.
        ax: Where to draw; new axes where None.
    """
    panel: Any = axes_of(ax, 6.4, 5.2)
    panel.scatter(*points.T, s=4, color=WHOLE, alpha=0.5, linewidths=0, label="not chosen")
    classes = np.zeros(len(points), np.int64) if labels is None else labels
    found = np.unique(classes[chosen])
    named = labels is not None and len(found) <= NAMED_CLASSES
    for label in found:
        name = class_names[label] if label < len(class_names) else str(label)
        colour = class_colour(int(label), int(classes.max()) + 1)
        places = points[chosen & (classes == label)]
        panel.scatter(*places.T, s=12, color=colour, linewidths=0, label=plain(name))
    title = f"t-SNE: {int(chosen.sum()):,} chosen over {len(points):,} examples shown"
    panel.set(title=title, xticks=[], yticks=[])
    if named:
        panel.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return cast("Axes", panel)


def class_colour(label: int, classes: int) -> Any:
    """Return a colour for a class: from ten or twenty that can be told apart, or a wheel."""
    from matplotlib import colormaps

    name = "tab10" if classes <= 10 else "tab20"
    return colormaps[name](label) if classes <= 20 else colormaps["hsv"](label / classes)


def _tidy(ax: Axes) -> Axes:
    ax.legend(fontsize=8, frameon=False, ncols=2)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    return ax
