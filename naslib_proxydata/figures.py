"""How every figure of the package is made and kept: without any global state of matplotlib."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import FileError, ProxyDataError
from naslib_proxydata.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
YELLOW, SKY, LEMON, GREY = "#E69F00", "#56B4E9", "#F0E442", "#6E6E6E"
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, LEMON, GREY)
DOTS_PER_INCH = 150


def plain(text: str) -> str:
    """Return a text as matplotlib shows it as it is: a dollar begins no formula."""
    return text.replace("$", r"\$")


def new_figure(width: float, height: float) -> Figure:
    """Return a figure that belongs to no window system.

    Args:
        width: In inches.
        height: In inches.

    Raises:
        FileError: Matplotlib cannot be imported without a folder to write in.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except OSError as error:  # neither its own folder nor one for temporary files can be written
        raise FileError(
            f"matplotlib finds no folder that it can write, so nothing is drawn: {error}. Set "
            "MPLCONFIGDIR or TMPDIR to one"
        ) from error

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def axes_of(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the caller's axes, or the only ones of a new figure of that size in inches."""
    if ax is not None:
        return ax
    made: Axes = new_figure(width, height).subplots()
    return made


def whole_ticks(panel: Axes) -> None:
    """Put the ticks of the horizontal axis on whole numbers only, as epochs are."""
    from matplotlib.ticker import MaxNLocator

    panel.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))


def keep_in_percent(panel: Axes, values: Iterable[float]) -> None:
    """Let the vertical axis not go past 0 and 100 %, where no value does, though a band may.

    Args:
        panel: With everything drawn.
        values: What is drawn, in percent.
    """
    held = list(values)
    low, high = panel.get_ylim()
    if held and min(held) >= 0 and max(held) <= 100:
        panel.set_ylim(max(low, -1), min(high, 101))  # room for a point on the edge


def save_figure(
    drawn: Figure | Axes, path: Path, *, error: type[ProxyDataError] = FileError
) -> None:
    """Write a figure, or the figure of some axes, as PNG, whole or not at all.

    Raises:
        ProxyDataError: It cannot be written; ``error`` says which.
    """
    figure: Any = getattr(drawn, "figure", drawn)
    write_atomically(
        path,
        lambda file: figure.savefig(file, format="png", dpi=DOTS_PER_INCH),
        error=error,
    )
