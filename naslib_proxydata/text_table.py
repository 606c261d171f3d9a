"""The one way to read a table of text that a user or a spreadsheet wrote."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from naslib_proxydata.errors import ProxyDataError


def read_text(path: Path, *, error: type[ProxyDataError], what: str = "the file") -> str:
    """Read a text file, gzipped or not, in UTF-8 or as spreadsheets mark it at its beginning.

    Args:
        path: The file; it is unpacked where its name ends in ``.gz``.
        error: The exception for a file that cannot be read.
        what: What errors call it.

    Raises:
        ProxyDataError: The file is absent, damaged, or no text.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        raise error(f"cannot read {what} {path}: {problem}") from None


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
    text = io.StringIO(read_text(path, error=error, what=what), newline="")
    reader = csv.reader(text, strict=True, skipinitialspace=True)
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
        raise error(f"cannot read {what} {path}, line {reader.line_num}: {problem}") from None
