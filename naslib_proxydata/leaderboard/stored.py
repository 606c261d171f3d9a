"""The rows of a leaderboard, read back from its folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from naslib_proxydata.leaderboard.rows import COLUMNS, Row
from naslib_proxydata.runs.tables import number_in, read_table

SUMMARY = "summary.csv"

_TYPED = [field for field in fields(Row) if field.name != "metrics"]


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a ``summary.csv``.

    An earlier version's may lack columns, which then hold what is not known: nan, 0 or nothing.
    Columns that no row has by itself are further metrics.

    Raises:
        RunFolderError: The file is damaged.
    """
    return [_row(line) for line in read_table(path)]


def _row(line: Mapping[str, str]) -> Row:
    known = {field.name: _value(field, line.get(field.name)) for field in _TYPED}
    further = {name: number_in(text) for name, text in line.items() if name not in COLUMNS}
    return Row(**known, metrics=further)


def _value(field: Field[Any], text: str | None) -> Any:
    """Return a field of a row from its text; types are those of the annotations."""
    if text is None and field.default is not MISSING:
        return field.default
    if field.type == "str":
        return text or ""
    number = number_in(text or "")
    if field.type == "float":
        return number
    return int(number) if math.isfinite(number) else 0
