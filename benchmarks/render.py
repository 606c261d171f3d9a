"""Fill the tables of the documentation from the data files in ``docs/results/data``.

    python benchmarks/render.py            # write them
    python benchmarks/render.py --check    # say which pages differ, and change nothing

A page marks the place by two comments and says in YAML what goes between them:

    <!-- results
    file: leaderboard_mr.csv
    where: {dataset: seg}
    sort: [-spearman]
    columns:
      predictor: "`{predictor}`"
      top 10 %: "{top10_retrieval:.0p}"
    -->
    <!-- end -->

``columns`` gives a table with a line for each row of the file: headings, and the cells as format
strings in the file's columns. ``where`` keeps rows by value, or by one of a list of values, and
``without`` leaves such rows out. ``sort`` names columns: ``-x`` the largest first, ``x`` in the
order in which values first appear.

``down``, ``across`` and ``cell`` give a table with a line for each value of one column and a column
for each value of another; ``mean: HEADING`` adds the mean of each line, and ``means: HEADING`` the
mean of each column; where a row or a number is missing there is none.

``text`` gives one paragraph, a format string in the keys of a JSON file.

Beside Python's own formats there is ``p``: ``.0p`` of 0.53 is "53 %", and brackets: ``(.2f)`` of
it is " (0.53)". A missing value is empty in every format, and a list is written with commas.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml

from naslib_proxydata.files import write_text
from naslib_proxydata.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "docs" / "results" / "data"
BLOCK = re.compile(r"(<!-- results\n(.*?)-->\n)(.*?)(<!-- end -->)", re.DOTALL)

Row = Mapping[str, Any]


class Percent:
    """Numbers that also know the format ``p``, percent of a share."""

    def __format__(self: Any, form: str) -> str:
        """Return ``53 %`` for 0.53 by ``.0p``, and `` (0.53)`` by ``(.2f)``."""
        if form.startswith("("):
            return f" ({format(self, form[1:-1])})"
        if form.endswith("p"):
            return f"{100 * float(self):{form[:-1]}f} %"
        return str(super().__format__(form))


class Whole(Percent, int):
    """A whole number."""


class Number(Percent, float):
    """Any other number."""


class Missing(str):
    """A value that is not there: empty in every format."""

    def __format__(self, form: str) -> str:
        """Return nothing."""
        return ""


class Several(list[str]):
    """A list of names."""

    def __format__(self, form: str) -> str:
        """Return the names as code, with commas between."""
        return ", ".join(f"`{name}`" for name in self) or "none"


def main() -> int:
    """Render all pages; with ``--check`` return 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail if one differs")
    check = parser.parse_args().check
    stale = [page for page in pages() if page.read_text("utf-8") != rendered(page)]
    for page in stale:
        print(f"{page.relative_to(ROOT)}: {'differs from its data' if check else 'written'}")
        if not check:
            write_text(page, rendered(page))
    return 1 if check and stale else 0


def pages() -> list[Path]:
    """Return the pages that hold at least one block."""
    every = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    return [page for page in every if BLOCK.search(page.read_text("utf-8"))]


def rendered(page: Path) -> str:
    """Return a page's text with all of its blocks filled."""

    def fill(found: re.Match[str]) -> str:
        try:
            body = block(yaml.safe_load(found[2]))
        except (KeyError, ValueError, OSError, yaml.YAMLError) as error:
            raise ValueError(f"{page.relative_to(ROOT)}, block {found[2]!r}: {error}") from error
        return f"{found[1]}\n{body}\n\n{found[4]}"

    return BLOCK.sub(fill, page.read_text("utf-8"))


def block(spec: Mapping[str, Any], data: Path = DATA) -> str:
    """Return what a block's YAML stands for, as Markdown."""
    path = data / spec["file"]
    if "text" in spec:
        return cell(spec["text"], record(json.loads(path.read_text("utf-8"))))
    where, without = spec.get("where", {}), spec.get("without", {})
    rows = [row for row in read(path) if fits(row, where) and not (without and fits(row, without))]
    if not rows:
        raise ValueError(f"{path.name} has no row for where: {spec.get('where')}")
    rows = ordered(rows, spec.get("sort", []))
    return pivoted(rows, spec) if "across" in spec else listed(rows, spec["columns"])


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file, numbers as numbers."""
    with path.open(newline="", encoding="utf-8") as file:
        return [record(row) for row in csv.DictReader(file)]


def record(row: Row) -> dict[str, Any]:
    """Return a row with values that can be formatted."""
    return {name: value(found) for name, found in row.items()}


def value(found: Any) -> Any:
    """Return a number, a text, several names, or :class:`Missing`."""
    if found in ("", None):
        return Missing()
    if isinstance(found, list):
        return Several(found)
    for kind in (Whole, Number):
        try:
            return kind(str(found))
        except ValueError:
            continue
    return found


def fits(row: Row, conditions: Mapping[str, Any]) -> bool:
    """Return whether the row has every column's value, or one of its list of values."""
    return all(
        str(row[column]) in map(str, values if isinstance(values, list) else [values])
        for column, values in conditions.items()
    )


def ordered(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """Sort by columns, the first one counting most."""
    result = list(rows)
    for name in reversed(names):
        if name.startswith("-"):
            result.sort(key=lambda row: -(row[name[1:]] or -math.inf))
        else:
            places = {found: place for place, found in enumerate(distinct(rows, name))}
            result.sort(key=lambda row: places[row[name]])
    return result


def distinct(rows: Sequence[Row], name: str) -> list[Any]:
    """Return the values of a column in the order in which they first appear."""
    return list(dict.fromkeys(row[name] for row in rows))


def listed(rows: Sequence[Row], columns: Mapping[str, str]) -> str:
    """Return a table with a line for each row."""
    return markdown_table(
        list(columns), [[cell(one, row) for one in columns.values()] for row in rows]
    )


def pivoted(rows: Sequence[Row], spec: Mapping[str, Any]) -> str:
    """Return a table with a line for each value of ``down``, a column for each of ``across``."""
    down, across, template = spec["down"], spec["across"], spec["cell"]
    name = spec.get("name", "`{}`")
    heads = distinct(rows, across)
    values = distinct(rows, down)
    lines = []
    for value in values:
        mine = {row[across]: row for row in rows if row[down] == value}
        cells = [cell(template, mine[head]) if head in mine else "" for head in heads]
        if "mean" in spec:
            cells.append(cell(template, mean(list(mine.values()))))
        lines.append([cell(name, {}, value), *cells])
    if "means" in spec:
        columns = [[row for row in rows if row[across] == head] for head in heads]
        means = (cell(template, mean(one)) if len(one) == len(values) else "" for one in columns)
        lines.append([spec["means"], *means])
    extra = [spec["mean"]] if "mean" in spec else []
    return markdown_table([down, *map(str, heads), *extra], lines)


def mean(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the mean of every column of numbers, missing where one of the rows has none."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: Missing() if any(isinstance(one, Missing) for one in found) else Number(fmean(found))
        for name, found in columns.items()
        if all(isinstance(one, int | float | Missing) for one in found)
    }


def cell(template: str, row: Row, *positional: Any) -> str:
    """Fill a format string."""
    return template.format(*positional, **row).strip()


if __name__ == "__main__":
    sys.exit(main())
