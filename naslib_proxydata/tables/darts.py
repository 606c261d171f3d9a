"""The DARTS space's measured genotypes: 1,000 CIFAR-10 accuracies after 200 epochs.

A ``.csv`` without header, gzipped or not: the genotype's text and the validation accuracy in
percent.
"""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from naslib_proxydata.errors import ArchitectureError, TableAbsentError, TableError
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.finding import first_of
from naslib_proxydata.text_table import read_rows

FILE: Final = "darts_space_1000.csv"


class DartsTable(ColumnTable):
    """Measured genotypes, found by any text of an equal genotype."""

    def position(self, architecture: str) -> int:
        """Return the row of a genotype, or of the first one equal to it.

        Raises:
            TableError: The table has no such genotype.
        """
        row = self._rows.get(architecture)
        if row is not None:
            return row
        space = Darts()
        try:
            return self._rows_by_hash[space.hash(space.parse(architecture))]
        except (ArchitectureError, KeyError) as error:
            reason = f": {error}" if isinstance(error, ArchitectureError) else ""
            raise TableError(
                f"{self.label} ({self.source}) has no genotype {architecture[:200]!r} among its "
                f"{len(self):,}{reason}"
            ) from None

    @cached_property
    def _rows_by_hash(self) -> dict[str, int]:
        space = Darts()
        rows: dict[str, int] = {}
        for row, text in enumerate(self.architectures()):
            rows.setdefault(space.hash(space.parse(text)), row)
        return rows


def load(root: Path | None) -> DartsTable:
    """Open the file in a folder, gzipped or not.

    Raises:
        TableAbsentError: It is not there.
        TableError: It is damaged; the line is named.
    """
    found = first_of([root / FILE], [root / f"{FILE}.gz"]) if root is not None else None
    if found is not None:
        return read(found)
    raise TableAbsentError(
        f"no {FILE} nor {FILE}.gz in {root or 'an unset data folder'}; take "
        "datasets/DARTS_archs_CIFAR10.csv of github.com/pym1024/SWAP and rename it"
    )


def read(path: Path) -> DartsTable:
    """Read a file.

    Raises:
        TableError: It is damaged, or a line is no genotype with an accuracy.
    """
    space = Darts()
    texts, accuracies = [], []
    for number, (text, accuracy) in read_rows(path, error=TableError, fields=2):
        try:
            texts.append(space.text(space.parse(text)))
            accuracies.append(_percent(accuracy))
        except (ArchitectureError, ValueError) as error:
            raise TableError(f"{path}, line {number}: {error}") from error
    values = {("cifar10", "validation_accuracy"): np.array(accuracies, dtype=np.float64)}
    return DartsTable(
        name="darts",
        label="DARTS space",
        space="darts",
        source=str(path),
        texts=texts,
        values=values,
    )


def _percent(text: str) -> float:
    value = float(text)
    if not math.isnan(value) and not 0.0 <= value <= 100.0:
        raise ValueError(f"expected an accuracy in percent, got {text}")
    return value
