"""What every figure of a page is made of: SVG whose colours are the page's own."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.pages.markup import Html, element, escaped

WIDTH = 520
"""Of every figure, in its own units; a page scales it."""
SERIES = 6
"""Colours that figures have for groups; further groups begin anew."""

_LETTER = 7.4
"""Mean width of a letter of a figure, in its units."""


def svg(height: float, content: Sequence[Html], label: str) -> Html:
    """Return a figure of :data:`WIDTH` and a height.

    Args:
        height: In the figure's units.
        content: Drawn from first to last.
        label: What it shows, for a reader that is told the page.
    """
    box = f"0 0 {WIDTH} {round(height)}"
    return element("svg", *content, viewBox=box, role="img", aria_label=label)


def text_at(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> Html:
    """Return a text whose middle line is at y."""
    return element(
        "text",
        escaped(text),
        x=_place(x),
        y=_place(y),
        dy="0.35em",
        text_anchor=anchor,
        class_=kind or None,
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """Return a line."""
    ends = {"x1": _place(x1), "y1": _place(y1), "x2": _place(x2), "y2": _place(y2)}
    return element("line", class_=kind, **ends)


def dot(x: float, y: float, radius: float = 4) -> Html:
    """Return a filled point."""
    return element("circle", cx=_place(x), cy=_place(y), r=radius)


def diamond(x: float, y: float, radius: float = 5.5) -> Html:
    """Return the open diamond that marks a published value."""
    corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
    points = " ".join(f"{_place(one)},{_place(two)}" for one, two in corners)
    return element("polygon", points=points, class_="published")


def told(content: Sequence[Html], text: str, kind: str) -> Html:
    """Return what tells a text where a pointer or the keyboard is on it.

    Args:
        content: What is drawn.
        text: A line for each fact.
        kind: Its class.
    """
    title = element("title", escaped(text))
    return element("g", *content, title, class_=f"mark {kind}", tabindex="0", data_told=text)


def series(place: int) -> str:
    """Return the class of the group at a place."""
    return f"series{place % SERIES}"


def width_of(text: str) -> float:
    """Return about how wide a text is, in the figure's units."""
    return _LETTER * len(text)


def shortened(text: str, most: int) -> str:
    """Return a text of no more letters than there is room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _place(number: float) -> str:
    return f"{number:.1f}"
