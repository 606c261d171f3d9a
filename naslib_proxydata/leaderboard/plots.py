"""The figures of a leaderboard."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import ranking
from naslib_proxydata.figures import BLUE, GREEN, GREY, ORANGE, axes_of, new_figure, plain
from naslib_proxydata.leaderboard.published import SOURCE
from naslib_proxydata.leaderboard.report import best_first
from naslib_proxydata.leaderboard.rows import Evaluation, Row
from naslib_proxydata.summation import ordered_sum
from naslib_proxydata.tables.base import HIGHER_IS_BETTER, LOWER_IS_BETTER, in_own_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = "#DDDDDD"
PUBLISHED = f"published ({SOURCE})"
"""What a legend calls the published value."""
_EDGE = 0.08  # room for points without a number, as a share of the axis
_PANEL_WIDTH = 34  # characters beside or above a panel, on one line


def scores_figure(evaluations: Sequence[Evaluation]) -> Figure:
    """Draw score against measured value, a panel a predictor, of one dataset and seed.

    The band holds the true top 10 %; orange points are those of them that the predictor puts
    into its own top 10 %. Architectures without signal and failed scores stand at the left edge.
    """
    columns = min(4, len(evaluations))
    lines = math.ceil(len(evaluations) / columns)
    figure = new_figure(3.1 * columns, 2.9 * lines + 0.9)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    first = evaluations[0].row
    for panel, evaluation in zip(panels, evaluations, strict=False):
        _draw_scores(panel, evaluation)
    for panel in panels[len(evaluations) :]:
        panel.set_axis_off()
    figure.suptitle(
        plain(f"{first.label}, {first.dataset}: {first.n} architectures, {first.cells} cells, ")
        + f"seed {first.seed}\n"
        "measured value against score (higher is better)",
        fontsize=12,
        wrap=True,
    )
    # Room for a letter at this size; a label at the edge does not wrap by itself.
    room = int(10 * figure.get_figheight())
    figure.supylabel(textwrap.fill(_metric_name(first), room), fontsize=10)
    handles: dict[str, Any] = {}
    for panel in panels[: len(evaluations)]:
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=6, fontsize=8)
    return figure


def draw_spearman(rows: Sequence[Row], ax: Axes | None = None) -> Axes:
    """Draw rho with its interval for all predictors of one dataset, best on top.

    An open diamond is the published value, where there is one.

    Args:
        rows: Of one dataset; at least one.
        ax: Where to draw; axes of a new figure by default.
    """
    ordered = best_first(rows)[::-1]
    names = list(dict.fromkeys(row.predictor for row in ordered))
    seeds = sorted({row.seed for row in rows})
    height = 0.32 + 0.1 * (len(seeds) - 1)
    ax = axes_of(ax, 6.4, 1.5 + height * len(names))
    ax.axvline(0, color=GREY, linewidth=1)
    ceiling = _draw_ceiling(rows, ax.axvline)
    for row in ordered:
        if math.isnan(row.spearman):
            continue
        offset = (seeds.index(row.seed) - (len(seeds) - 1) / 2) * 0.6 / len(seeds)
        y = names.index(row.predictor) + offset
        ax.plot([row.spearman_low, row.spearman_high], [y, y], color=BLUE, linewidth=2)
        ax.plot(row.spearman, y, "o", color=BLUE, markersize=5)
    _draw_published(ax, ordered, names)
    defined = [name for name in names if not _undefined(rows, name)]
    labels = [name if name in defined else f"{name} (undefined)" for name in names]
    ax.set_yticks(range(len(names)), [plain(textwrap.fill(name, _PANEL_WIDTH)) for name in labels])
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xlim(min(-0.35, ax.get_xlim()[0]), 1)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    first = rows[0]
    ax.set_xlabel(
        f"Spearman's rho with 95 % {'' if first.draws else 'bootstrap '}interval", wrap=True
    )
    several = f", {len(seeds)} seeds" if len(seeds) > 1 else ""
    ax.set_title(_title(rows, several) + ceiling, fontsize=11, wrap=True)
    return ax


def published_marker(colour: str = ORANGE) -> dict[str, Any]:
    """Return how every figure marks a published value, as keywords of ``Axes.plot``."""
    return {
        "marker": "D",
        "linestyle": "none",
        "markerfacecolor": "none",
        "markeredgecolor": colour,
        "markersize": 7,
    }


def _draw_published(ax: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Mark the published value of every predictor that has one, with a legend."""
    from matplotlib.transforms import ScaledTranslation

    figures = {row.predictor: row.paper_spearman for row in rows}
    known = {name: rho for name, rho in figures.items() if not math.isnan(rho)}
    if not known:
        return
    heights = [names.index(name) for name in known]
    ax.plot(list(known.values()), heights, label=PUBLISHED, **published_marker())
    # Below the axis's label, since every place inside may hold an interval.
    below: Any = ax.transAxes + ScaledTranslation(0, -36 / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=below,
        fontsize=8,
        frameon=False,
    )


def draw_cost(rows: Sequence[Row], ax: Axes | None = None) -> Axes:
    """Draw rho against seconds per architecture, for all predictors of one dataset.

    Args:
        rows: Of one dataset; at least one.
        ax: Where to draw; axes of a new figure by default.
    """
    ax = axes_of(ax, 6.8, 4.6)
    names = [row.predictor for row in best_first(rows)]
    points = {name: _mean_point(rows, name) for name in dict.fromkeys(names)}
    points = {name: point for name, point in points.items() if not any(map(math.isnan, point))}
    ax.set_xscale("log")
    ax.axhline(0, color=GREY, linewidth=1)
    ceiling = _draw_ceiling(rows, ax.axhline)
    for x, y in points.values():
        ax.plot(x, y, "o", color=BLUE, markersize=7)
    ax.margins(x=0.12, y=0.12)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_xlabel("seconds per architecture (logarithmic)")
    ax.set_ylabel("Spearman's rho")
    first = rows[0]
    ax.set_title(_title(rows, f", {first.device}") + ceiling, fontsize=11, wrap=True)
    _label_points(ax, points)
    return ax


def _draw_ceiling(rows: Sequence[Row], draw_line: Callable[..., Any]) -> str:
    """Draw the mean noise ceiling over the seeds, and return what the title says of it."""
    ceiling = ordered_sum(row.noise_ceiling for row in rows) / len(rows)
    if math.isnan(ceiling):
        return ""
    draw_line(ceiling, color=GREEN, linewidth=1.2, linestyle="--")
    return f"\nnoise ceiling {ceiling:.3f} (dashed): one training against the others"


def _draw_scores(panel: Axes, evaluation: Evaluation) -> None:
    """Draw one panel of :func:`scores_figure`."""
    from matplotlib.ticker import EngFormatter

    scores, values, row = evaluation.scores, evaluation.values, evaluation.row
    k = ranking.top_count(len(values))
    threshold = np.sort(values)[-k]
    finite = np.isfinite(scores)
    hit = finite & (values >= threshold) & (ranking.order_codes(scores) >= _kth(scores, k))
    shown, logarithmic = _compressed(scores)
    x, left = _placed(shown)
    y, bottom = _without_outliers(values)
    top = max(values.max(), threshold) + 0.03 * (float(np.ptp(y)) or 1.0)
    panel.axhspan(threshold, top, color=GREEN, alpha=0.15, linewidth=0, label="true top 10 %")
    size = float(np.clip(2000 / len(values), 2, 18))
    for mask, colour, marker, label in (
        (finite & ~hit, BLUE, "o", "architecture"),
        (hit, ORANGE, "o", "in both top 10 %"),
        (np.isneginf(scores), GREY, "<", "no signal (-inf)"),
        (np.isnan(scores), "black", "x", "failed (nan)"),
    ):
        if mask.any():
            panel.scatter(x[mask], y[mask], s=size, c=colour, marker=marker, label=label)
    if (y < bottom).any():
        panel.axhline(bottom, color=GREY, linewidth=0.8, linestyle="--", label="below: off scale")
    if not finite.all():
        panel.axvline(left, color=GREY, linewidth=0.8, linestyle=":")
    panel.set_ylim(top=top)
    if row.metric.endswith(LOWER_IS_BETTER):
        panel.yaxis.set_major_formatter(lambda value, _: f"{in_own_unit(row.metric, value):g}")
    title = textwrap.fill(f"{row.predictor}   rho = {_shown(row.spearman)}", _PANEL_WIDTH)
    panel.set_title(plain(title), fontsize=10)
    panel.set_xlabel("log10 of the score" if logarithmic else "", fontsize=8)
    panel.tick_params(labelsize=8)
    panel.locator_params(axis="x", nbins=4)
    if np.abs(shown[finite]).max(initial=0) >= 1e4:
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))  # 200k, not 200000 or 1e5


def _compressed(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Return the decimal logarithms of positive scores most of which span three orders or more."""
    finite = scores[np.isfinite(scores)]
    if len(finite) == 0 or finite.min() <= 0:
        return scores, False
    low, high = np.quantile(finite, [0.05, 0.95])
    if high < 1e3 * low:
        return scores, False
    shown = scores.copy()
    shown[np.isfinite(scores)] = np.log10(finite)
    return shown, True


def _placed(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the x of every point, and where the edge for those without a number ends."""
    finite = scores[np.isfinite(scores)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    width = (high - low) or max(abs(high), 1.0)
    x = np.where(np.isneginf(scores), low - 2 * _EDGE * width, scores)
    return np.where(np.isnan(scores), low - 3 * _EDGE * width, x), low - _EDGE * width


def _without_outliers(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the y of every point, and the line below which they are off the scale.

    A few networks that never learnt would otherwise press all others into one line.
    """
    low, high = np.quantile(values, [0.1, 0.9])
    bottom = float(low - 1.5 * (high - low))
    inside = values[values >= bottom]
    edge = bottom - _EDGE * float(inside.max() - bottom)
    return np.where(values < bottom, edge, values), bottom


def _kth(scores: NDArray[np.float64], k: int) -> int:
    """Return the order code of the k-th highest score."""
    return int(np.sort(ranking.order_codes(scores))[-k])


def _undefined(rows: Sequence[Row], name: str) -> bool:
    return all(math.isnan(row.spearman) for row in rows if row.predictor == name)


def _mean_point(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """Return mean seconds and mean rho of a predictor over its seeds."""
    mine = [row for row in rows if row.predictor == name]
    count = len(mine)
    x = ordered_sum(row.seconds_per_architecture for row in mine) / count
    return x, ordered_sum(row.spearman for row in mine) / count


def _label_points(ax: Axes, points: dict[str, tuple[float, float]]) -> None:
    """Write each point's name beside it, at the first place where it covers nothing."""
    figure: Any = ax.figure
    figure.figure.draw_without_rendering()  # so that every point knows its place in pixels
    size = 6  # of a marker, in pixels each way, with some air
    taken = []
    for point in points.values():
        x, y = ax.transData.transform(point)
        taken.append((x - size, y - size, x + size, y + size))
    frame = ax.get_window_extent()
    frame_box = (frame.x0, frame.y0, frame.x1, frame.y1)
    offsets = [
        (dx * reach, dy * reach)
        for reach in (9, 16, 25, 36)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
    ]
    for name, point in points.items():
        for dx, dy in offsets:
            text = ax.annotate(
                name,
                point,
                xytext=(dx, dy),
                textcoords="offset points",
                fontsize=8,
                ha="left" if dx > 0 else "right" if dx < 0 else "center",
                va="bottom" if dy > 0 else "top" if dy < 0 else "center",
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5},
            )
            box = _text_box(text)
            inside = _covers(frame_box, box)
            is_last = (dx, dy) == offsets[-1]
            if (inside and not any(_overlap(box, other) for other in taken)) or is_last:
                taken.append(box)
                break
            text.remove()


def _text_box(annotation: Any) -> Box:
    """Return the ends of an annotation's text in pixels, without its line to the point."""
    from matplotlib.text import Text

    annotation.get_window_extent()  # moves the text to its place
    extent = Text.get_window_extent(annotation)
    return extent.x0, extent.y0, extent.x1, extent.y1


Box = tuple[float, float, float, float]


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _covers(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def _shown(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.2f}"


def _title(rows: Sequence[Row], more: str) -> str:
    """Return the title of a figure: what was measured, and of how many architectures."""
    first, least, most = rows[0], min(row.n for row in rows), max(row.n for row in rows)
    n = str(most) if least == most else f"{least} to {most}"
    return plain(f"{first.label}, {first.dataset} (n = {n}{more})\n{first.protocol}")


def _metric_name(row: Row) -> str:
    name = row.metric.replace("_", " ")
    if row.metric in (HIGHER_IS_BETTER, LOWER_IS_BETTER):  # a column of a user's own
        return plain(f"{row.dataset} ({name})")
    return f"{name} (percent)" if "accuracy" in name else name
