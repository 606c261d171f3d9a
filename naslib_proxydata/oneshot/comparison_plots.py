"""Figures of several searches side by side, such as figures 3 and 4 of Bi-level Data Pruning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from naslib_proxydata.errors import SearchError
from naslib_proxydata.figures import PALETTE, axes_of, new_figure, plain, whole_ticks
from naslib_proxydata.hookspecs import LEVELS, Level
from naslib_proxydata.oneshot.plots import draw_strengths, strengths_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from naslib_proxydata.oneshot.records import EpochRecord
    from naslib_proxydata.oneshot.supernets.base import Supernet

LEVEL_STYLES: Mapping[Level, str] = {"weights": "-", "architecture": "--"}
"""How the lines of the two levels differ."""


@dataclass(frozen=True)
class SearchTrace:
    """What one search went through, each number by its epoch.

    Attributes:
        left: Examples in use after each epoch, by level.
        accuracy: Accuracy in percent of the cell that the search would have returned, nan where
            no table holds it; empty where nothing was looked up.
        eigenvalue: Dominant Hessian eigenvalue; empty where none was estimated.
    """

    left: Mapping[Level, Mapping[int, float]]
    accuracy: Mapping[int, float] = field(default_factory=dict)
    eigenvalue: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        records: Sequence[EpochRecord],
        measured: Sequence[float] | None = None,
        eigenvalues: Mapping[int, float] | None = None,
    ) -> SearchTrace:
        """Return the trace of a search's records.

        Args:
            records: One for each epoch, such as ``read_history`` returns.
            measured: Accuracy in percent of the cell of each epoch, nan where it is not known.
            eigenvalues: By epoch.

        Raises:
            SearchError: There is not one accuracy for each epoch.
        """
        epochs = [record.epoch for record in records]
        if measured is not None and len(measured) != len(epochs):
            raise SearchError(
                f"expected one accuracy for each of the {len(epochs)} epochs, got {len(measured)}"
            )
        return cls(
            {level: {one.epoch: one.left[level] for one in records} for level in LEVELS},
            dict(zip(epochs, measured or (), strict=False)),
            dict(eigenvalues or {}),
        )


class Curve(NamedTuple):
    """The mean of several searches, over epochs.

    Attributes:
        epochs: Shape (n,).
        mean: Mean of the searches that have a value, nan where none has, shape (n,).
        spread: Their standard deviation (n - 1), 0 where one has a value, shape (n,).
    """

    epochs: NDArray[np.int64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]


def mean_curve(values: Sequence[Mapping[int, float]]) -> Curve:
    """Return mean and standard deviation over searches, at the epochs that all of them have.

    A value that is nan is left out of the mean of its epoch.

    Args:
        values: By epoch, one mapping a search.
    """
    shared = sorted(set.intersection(*(set(one) for one in values))) if values else []
    rows = np.array([[one[epoch] for epoch in shared] for one in values], dtype=np.float64)
    known = np.isfinite(rows)
    counts = known.sum(0)
    filled = np.where(known, rows, 0.0)
    mean = np.where(counts > 0, filled.sum(0) / np.maximum(counts, 1), np.nan)
    squares = np.where(known, (rows - mean) ** 2, 0.0).sum(0)
    spread = np.sqrt(squares / np.maximum(counts - 1, 1))
    return Curve(np.array(shared, dtype=np.int64), mean, spread)


def trajectories_figure(
    searches: Mapping[str, Sequence[SearchTrace]], accuracy: str = "accuracy of the cell (%)"
) -> Figure:
    """Draw searches side by side: accuracy of the current cell, examples left, eigenvalue.

    Of several searches of one name, the line is the mean and the band one standard deviation
    (n - 1). A panel for which no search has a number is left out. These are the panels of BDP's
    figure 3.

    Args:
        searches: By name, the traces of its seeds.
        accuracy: Label of the accuracies, with dataset, metric and unit.

    Raises:
        SearchError: There is no search, or a name has none.
    """
    empty = [name for name, traces in searches.items() if not traces]
    if empty or not searches:
        raise SearchError(f"expected at least one search a name, got none for {empty or 'any'}")
    draw: list[Callable[[Axes], Axes]] = [lambda ax: draw_examples_left(searches, ax)]
    every = [trace for traces in searches.values() for trace in traces]
    if any(trace.accuracy for trace in every):
        draw.insert(0, lambda ax: draw_accuracies(searches, accuracy, ax))
    if any(trace.eigenvalue for trace in every):
        draw.append(lambda ax: draw_dominant_eigenvalues(searches, ax))
    figure = new_figure(4.6 * len(draw), 4.2)
    for panel, paint in zip(np.ravel(figure.subplots(1, len(draw))), draw, strict=True):
        paint(panel)
    return figure


def draw_accuracies(
    searches: Mapping[str, Sequence[SearchTrace]],
    accuracy: str = "accuracy of the cell (%)",
    ax: Axes | None = None,
) -> Axes:
    """Draw the accuracy of the cell that each search would return after each epoch.

    Where a table lacks cells, the legend says of how many of them the line is.

    Args:
        searches: By name, the traces of its seeds.
        accuracy: Label of the accuracies, with dataset, metric and unit.
        ax: Where to draw; a new figure where None.
    """
    panel: Any = axes_of(ax, 5.2, 4.2)
    for colour, (name, traces) in _coloured(searches):
        with_any = [trace.accuracy for trace in traces if trace.accuracy]
        values = [value for one in with_any for value in one.values()]
        found = int(np.isfinite(values).sum())
        part = "" if found == len(values) else f", {found} of {len(values)} cells in the table"
        _draw_mean(panel, with_any, f"{_counted(name, len(with_any))}{part}", colour)
    low, high = panel.get_ylim()
    panel.set_ylim(max(low, 0), min(high, 101))  # the band may reach beyond
    return _finished(panel, accuracy, "accuracy of the current cell")


def draw_examples_left(
    searches: Mapping[str, Sequence[SearchTrace]], ax: Axes | None = None
) -> Axes:
    """Draw the examples that each level still trains on; one line where both have as many.

    Args:
        searches: By name, the traces of its seeds.
        ax: Where to draw; a new figure where None.
    """
    panel: Any = axes_of(ax, 5.2, 4.2)
    for colour, (name, traces) in _coloured(searches):
        label = _counted(name, len(traces))
        alike = all(trace.left["weights"] == trace.left["architecture"] for trace in traces)
        for level in LEVELS[:1] if alike else LEVELS:
            values = [trace.left[level] for trace in traces]
            suffix = "each level" if alike else level
            _draw_mean(panel, values, f"{label}, {suffix}", colour, LEVEL_STYLES[level])
    panel.set_ylim(0, None)
    return _finished(panel, "examples", "examples left")


def draw_dominant_eigenvalues(
    searches: Mapping[str, Sequence[SearchTrace]], ax: Axes | None = None
) -> Axes:
    """Draw the dominant eigenvalue of the Hessian of the validation loss in alpha.

    Args:
        searches: By name, the traces of its seeds.
        ax: Where to draw; a new figure where None.
    """
    panel: Any = axes_of(ax, 5.2, 4.2)
    for colour, (name, traces) in _coloured(searches):
        with_any = [trace.eigenvalue for trace in traces if trace.eigenvalue]
        _draw_mean(panel, with_any, _counted(name, len(with_any)), colour)
    return _finished(panel, "dominant eigenvalue", "Hessian of the loss in alpha")


def strengths_figure(
    searches: Mapping[str, EpochRecord], supernet: Supernet, kind: str | None = None
) -> Figure:
    """Draw the final strengths of several searches side by side (BDP's figure 4).

    Args:
        searches: By name, the last record of a search.
        supernet: A network of their space.
        kind: The kind of cell; the first one where None.

    Raises:
        SearchError: There is no search.
    """
    if not searches:
        raise SearchError("expected at least one search, got none")
    kind = next(iter(supernet.choices)) if kind is None else kind
    choices = supernet.choices[kind]
    width, height = strengths_size(choices)
    figure = new_figure(width * len(searches), height)
    panels = np.ravel(figure.subplots(1, len(searches)))
    for panel, (name, record) in zip(panels, searches.items(), strict=True):
        strengths = {kind: np.array(values) for kind, values in record.strengths.items()}
        chosen = supernet.chosen_places(strengths)[kind]
        draw_strengths(choices, strengths[kind], f"{plain(name)}, {kind}", panel, chosen=chosen)
    return figure


def _coloured(
    searches: Mapping[str, Sequence[SearchTrace]],
) -> list[tuple[str, tuple[str, Sequence[SearchTrace]]]]:
    """Return the searches with the colour that each has in every panel."""
    return [(PALETTE[n % len(PALETTE)], one) for n, one in enumerate(searches.items())]


def _counted(name: str, seeds: int) -> str:
    """Return a name with the number of searches, where it is not one."""
    return plain(name) if seeds == 1 else f"{plain(name)} (n = {seeds})"


def _draw_mean(
    panel: Any,
    values: Sequence[Mapping[int, float]],
    label: str,
    colour: str,
    style: str = "-",
) -> None:
    """Draw a mean line with its band; points too, so that single epochs are seen."""
    if not values:
        return
    epochs, mean, spread = mean_curve(values)
    marker = "o" if _is_sparse(mean) else ""
    panel.plot(epochs, mean, style, marker=marker, color=colour, label=label, ms=3.5)
    if len(values) > 1:
        panel.fill_between(epochs, mean - spread, mean + spread, color=colour, alpha=0.18, lw=0)


def _is_sparse(mean: NDArray[np.float64]) -> bool:
    """Return whether a line alone would hide values: few of them, or some without neighbours."""
    return len(mean) <= 12 or not np.isfinite(mean).all()


def _finished(panel: Any, values: str, title: str) -> Axes:
    panel.set(xlabel="epoch", ylabel=values, title=title)
    whole_ticks(panel)
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    return cast("Axes", panel)
