"""Tables that a reader sorts by any column and searches."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from naslib_proxydata.pages.markup import Html, element, escaped, joined

MOST_LINES = 1000
"""Lines of a table that a page shows: a browser stays quick, and a file small enough to send."""

SEARCHED_FROM = 8
"""Lines from which a table has a field to search it."""

_WRAPPED = 40
"""Letters from which a text is broken into lines."""

_NUMBER = re.compile(r"\s*([-−+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)")


class Number(NamedTuple):
    """A number with the text that shows it; nan is what is not known, and is sorted last.

    Attributes:
        value: What it is sorted by.
        text: What is shown.
    """

    value: float
    text: str


Cell = str | Number


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Attributes:
        header: Names of the columns.
        lines: Each with a cell for each column.
        name: What it is called by a reader that is told the page, and by its search field.
        left_out: What is said of the lines behind the first thousand, such as where they are.
    """

    header: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    name: str
    left_out: str = ""


def table_html(table: Table) -> Html:
    """Return a table; its first column names the lines, and columns of numbers stand right."""
    shown = table.lines[:MOST_LINES]
    numeric = [any(isinstance(cell, Number) for cell in cells) for cells in _columns(table)]
    head = element("thead", element("tr", *map(_head, table.header, numeric)))
    body = element("tbody", *(_line(line, numeric) for line in shown))
    inner = element("table", head, body, aria_label=table.name)
    frame = element("div", inner, class_="scroll", tabindex="0")
    return element("div", _search(table, len(shown)), frame, _cut(table), class_="table")


def as_number(text: str) -> Cell:
    """Return a text that begins with a number as one that is sorted by it.

    It may go on, as ``0.75 (0.65)`` and ``12 %`` do; a dash is a number that is not known.
    """
    found = _NUMBER.match(text)
    if found:
        return Number(float(found[1].replace(",", "").replace("−", "-")), text)
    return Number(math.nan, text) if text.strip() in ("", "–", "-") else text


def _columns(table: Table) -> Sequence[Sequence[Cell]]:
    some = table.lines[:MOST_LINES]
    return [[line[place] for line in some] for place in range(len(table.header))]


def _head(name: str, is_numeric: bool) -> Html:
    button = element("button", escaped(name), type="button")
    return element("th", button, scope="col", class_="number" if is_numeric else None)


def _line(line: Sequence[Cell], numeric: Sequence[bool]) -> Html:
    cells = (_cell(cell, is_numeric) for cell, is_numeric in zip(line, numeric, strict=True))
    return element("tr", *cells)


def _cell(cell: Cell, is_numeric: bool) -> Html:
    kind = "number" if is_numeric else None
    if isinstance(cell, str):
        return element("td", escaped(cell), class_="long" if len(cell) > _WRAPPED else kind)
    key = "" if math.isnan(cell.value) else repr(float(cell.value))
    return element("td", escaped(cell.text), class_=kind, data_key=key)


def _search(table: Table, shown: int) -> Html:
    if shown < SEARCHED_FROM:
        return Html("")
    field = element("span", Html(_input(f"Search {table.name}")))
    count = element("output", escaped(f"{shown:,} lines"))
    return element("div", field, count, class_="search")


def _input(label: str) -> str:
    told = escaped(label)
    return f'<input type="search" placeholder="Search" aria-label="{told}" autocomplete="off">'


def _cut(table: Table) -> Html:
    """Return the sentence on lines that are not shown, nothing where all are."""
    if len(table.lines) <= MOST_LINES and not table.left_out:
        return Html("")
    said = table.left_out or f"The first {MOST_LINES:,} of {len(table.lines):,} lines are shown."
    return joined([element("p", escaped(said), class_="note")])
