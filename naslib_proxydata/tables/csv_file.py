"""The one reader of CSV files of architectures that users write: spreadsheets' and pandas' too.

A file has a header with a column ``architecture``, and a line for each architecture. It may be
gzipped and may begin with a byte-order mark; fields are separated by commas, semicolons or tabs,
whichever brings the column ``architecture`` to light; blank lines, spaces around fields and
columns without a name (the index that pandas writes) are passed over.
"""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from naslib_proxydata.errors import ProxyDataError, printable, shown
from naslib_proxydata.text_table import read_text, rows_of

ARCHITECTURE: Final = "architecture"
SEPARATORS: Final = (",", ";", "\t")
LARGEST: Final = 1e100
"""Size of the largest number in a table."""
_LONGEST_HEADER: Final = 500  # characters of it that a message shows


@dataclass(frozen=True)
class CsvFile:
    """The fields of a file, as text.

    Attributes:
        columns: Names of the columns beside ``architecture``, in the order of the file.
        lines: Number of the line on which each row ends, counting from 1.
        architectures: The architecture of each row.
        fields: Of each row, a field for each of the columns.
    """

    columns: tuple[str, ...]
    lines: tuple[int, ...]
    architectures: tuple[str, ...]
    fields: tuple[tuple[str, ...], ...]


def read_csv(path: Path, error: type[ProxyDataError]) -> CsvFile:
    """Read a file.

    Args:
        path: The file, gzipped or not.
        error: What is raised.

    Raises:
        error: The file cannot be read, has no column ``architecture``, two columns of one name,
            or a line with another number of fields than the header; file and line are named.
    """
    text = read_text(path, error=error)
    separator = _separator(text, path, error)
    rows = list(rows_of(text, path, error=error, separator=separator))
    return _checked(path, rows, separator, error)


def number(text: str) -> float:
    """Return the finite number in a field.

    Raises:
        ValueError: It is none, or so large that its square is none. ``1_000``, a number to Python
            alone, is none: it may as well be a name.
    """
    value = float(text)
    if "_" in text or not abs(value) <= LARGEST:
        raise ValueError(f"no finite number: {text!r}")
    return value


def _separator(text: str, path: Path, error: type[ProxyDataError]) -> str:
    """Return the separator that brings the column ``architecture`` to light; else a comma."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for separator in SEPARATORS:
        # A quote that does not end here is found later, with its line.
        try:
            fields = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
        except csv.Error as problem:
            raise error(f"cannot read the header of {path}: {printable(str(problem))}") from None
        if len(fields) > 1 and _is_architecture(fields):
            return separator
    return ","


def _is_architecture(fields: list[str]) -> list[int]:
    """Return the positions of the column ``architecture``."""
    return [place for place, name in enumerate(fields) if name.strip().lower() == ARCHITECTURE]


def _checked(
    path: Path, rows: list[tuple[int, list[str]]], separator: str, error: type[ProxyDataError]
) -> CsvFile:
    """Return the columns by name, after header and lines were found to fit together."""
    if not rows:
        raise error(f"{path} is empty; expected a header with the column {ARCHITECTURE!r}")
    line, header = rows[0]
    places = _is_architecture(header)
    if len(places) != 1:
        names = [] if places else [name for name in header if name.isidentifier()]
        near = difflib.get_close_matches(ARCHITECTURE, names, n=1, cutoff=0.5)
        hint = "".join(f" Is it {name!r}? Then rename it." for name in near)
        raise error(
            f"{path}, line {line}: expected one column {ARCHITECTURE!r} in the header, got "
            f"{printable(', '.join(header))[:_LONGEST_HEADER]}.{hint}"
        )
    named = [
        place
        for place, name in enumerate(header)
        if name and place != places[0]  # without a name it is an index, or nothing
    ]
    twice = [name for name, count in Counter(header[place] for place in named).items() if count > 1]
    if twice:
        raise error(f"{path}, line {line}: the column {shown(twice[0])} stands twice in the header")
    body = list(_of_one_length(path, rows[1:], len(header), separator, error))
    return CsvFile(
        tuple(header[place] for place in named),
        tuple(line for line, _ in body),
        tuple(fields[places[0]] for _, fields in body),
        tuple(tuple(fields[place] for place in named) for _, fields in body),
    )


def _of_one_length(
    path: Path,
    rows: list[tuple[int, list[str]]],
    length: int,
    separator: str,
    error: type[ProxyDataError],
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, and refuse one of another length than the header."""
    for line, fields in rows:
        if len(fields) < length or any(fields[length:]):
            raise error(
                f"{path}, line {line}: expected {length} fields, got {len(fields)}; an "
                f"architecture with a {separator!r} in it stands between double quotes"
            )
        yield line, fields
