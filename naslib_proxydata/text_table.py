"""The one way to read a table of text that a user or a spreadsheet wrote."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from naslib_proxydata.errors import ProxyDataError, printable
from naslib_proxydata.packed import read_unpacked


def read_text(path: Path, *, error: type[ProxyDataError], what: str = "the file") -> str:
    """Read a text file, gzipped or not, in UTF-8 or as spreadsheets mark it at its beginning.

    Args:
        path: The file.
        error: The exception for a file that cannot be read.
        what: What errors call it.

    Raises:
        ProxyDataError: The file is absent, damaged, or no text.
    """
    data = read_unpacked(path, error, f"check the path of {what}, or save it again")
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(f"cannot read {what} {path}: {problem}; expected text in UTF-8") from None


def read_rows(
    path: Path,
    *,
    error: type[ProxyDataError],
    what: str = "the file",
    fields: int | None = None,
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each line of a CSV file that is not blank.

    Spaces around a field are dropped; the mark that spreadsheets put at the beginning, and lines
    of nothing but spaces and commas, are no part of the table.

    Args:
        path: The file, as :func:`read_text` takes it.
        error: The exception for what is wrong.
        what: What errors call the file.
        fields: How many fields a line must have; any number where None.

    Raises:
        ProxyDataError: The file cannot be read, is not CSV, or a line has more or fewer fields.
    """
    text = read_text(path, error=error, what=what)
    yield from rows_of(text, path, error=error, what=what, fields=fields)


def rows_of(
    text: str,
    path: Path,
    *,
    error: type[ProxyDataError],
    what: str = "the file",
    fields: int | None = None,
    separator: str = ",",
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of the lines of a text; see :func:`read_rows`.

    Args:
        text: What :func:`read_text` returned.
        path: What errors name.
        error: The exception for what is wrong.
        what: What errors call the file.
        fields: How many fields a line must have; any number where None.
        separator: What stands between two fields.

    Raises:
        ProxyDataError: The text is not CSV, or a line has more or fewer fields.
    """
    # Line ends are left to the reader, so that it counts the lines that an editor shows.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for line in reader:
            row = [field.strip() for field in line]
            if not any(row):
                continue
            if fields is not None and len(row) != fields:
                raise error(
                    f"{path}, line {reader.line_num}: expected {fields} fields, got {len(row)}; a "
                    "text with commas in it stands between double quotes"
                )
            yield reader.line_num, row
    except csv.Error as problem:
        said = printable(str(problem))
        raise error(f"cannot read {what} {path}, line {reader.line_num}: {said}") from None
