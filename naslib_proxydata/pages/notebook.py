"""What a notebook shows of a result: a short table, escaped."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.pages.markup import element, escaped

MOST_LINES = 20
"""Lines that are shown; the rest is counted."""
LONGEST = 120
"""Letters of a cell that are shown."""


def notebook_table(
    caption: str, header: Sequence[str], lines: Sequence[Sequence[object]], note: str = ""
) -> str:
    """Return a table for ``_repr_html_``, in the style of the notebook.

    Args:
        caption: What it shows.
        header: Names of the columns.
        lines: Each with a cell for each column.
        note: What is said below it.
    """
    head = element("thead", element("tr", *(element("th", escaped(name)) for name in header)))
    rows = (
        element("tr", *(element("td", escaped(_short(cell))) for cell in line))
        for line in lines[:MOST_LINES]
    )
    more = len(lines) - MOST_LINES
    said = " ".join(filter(None, (f"{more:,} more lines." if more > 0 else "", note)))
    table = element(
        "table", element("caption", escaped(_short(caption))), head, element("tbody", *rows)
    )
    return element("div", table, element("p", escaped(said))) if said else element("div", table)


def _short(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
