"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are escaped, so that none of them opens another column."""
    body = [header, ["---"] * len(header), *([_escaped(cell) for cell in line] for line in lines)]
    return "\n".join("| " + " | ".join(line) + " |" for line in body)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
