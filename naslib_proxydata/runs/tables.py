"""The tables of a run folder, read back line by line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

from naslib_proxydata.errors import RunFolderError, printable
from naslib_proxydata.opening import open_file

ADVICE = "run the command of that folder again, which writes it anew"


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a CSV file that a run has written, by column.

    Only a line at a time is held, since a table may have a line for each of half a million
    architectures.

    Raises:
        RunFolderError: It cannot be read, is no CSV in UTF-8, or a line has more or fewer fields.
    """
    try:
        with open_file(path, RunFolderError, ADVICE) as opened:
            file = io.TextIOWrapper(opened, encoding="utf-8", newline="")
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            for line in reader:
                if len(line) != len(header):
                    raise csv.Error(f"expected {len(header)} fields, got {len(line)}")
                yield dict(zip(header, line, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunFolderError(f"cannot read {path}: {printable(str(error))}; {ADVICE}") from error


def number_in(text: str) -> float:
    """Return the number that a field holds; nan where it is empty or holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
