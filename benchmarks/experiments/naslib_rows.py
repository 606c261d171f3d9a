"""What the scripts that compare with NASLib share: stored rows, and what they were measured on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common import machine_line

NASLIB = "NASLib's branch Develop of 2023-11 (0b51bc18)"
Row = Mapping[str, Any]


class Rows:
    """Rows of a benchmark in a file of JSON lines, each kept as soon as it is measured.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Any:
        """Go through the rows in the order in which they were measured."""
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                yield json.loads(line)

    def add(self, row: Row) -> None:
        """Append a row, with what it was measured on."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({**row, "environment": machine_line()}) + "\n")

    def having(self, **fields: Any) -> list[Row]:
        """Return the rows with these values."""
        return [row for row in self if fields.items() <= row.items()]


def provenance(rows: Sequence[Row]) -> str:
    """Say what rows were measured on."""
    machines = sorted({row["environment"] for row in rows})
    return f"{NASLIB}. Measured on {'; and on '.join(machines)}"
