"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from naslib_proxydata.errors import printable


def markdown_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are escaped, so that none of them opens another column or line."""
    rows = [[_escaped(cell) for cell in line] for line in (header, *lines)]
    body = [rows[0], ["---"] * len(header), *rows[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in body)


def one_line(text: str) -> str:
    """Return a text that stays in its heading, sentence or cell, control characters escaped."""
    return printable(" ".join(text.splitlines()))


def _escaped(cell: str) -> str:
    return one_line(cell).replace("|", "\\|")
