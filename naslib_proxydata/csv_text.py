"""The one way to write CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any


def csv_text(header: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    """Return CSV; floats are exact, None and nan are empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for line in lines:
        writer.writerow(["" if _is_nan(cell) else cell for cell in line])
    return stream.getvalue()


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and math.isnan(cell)
