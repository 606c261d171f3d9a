"""A table of a user's own: any measured column of a CSV file of architectures.

Each column beside ``architecture`` is a dataset with one metric, which says whether higher or
lower is better. Rows are kept as they are: two cells that compute the same function were
measured apart and keep their values.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.errors import (
    ArchitectureError,
    TableAbsentError,
    TableError,
    printable,
    shown,
    unknown_name,
)
from naslib_proxydata.opening import open_file
from naslib_proxydata.tables.base import HIGHER_IS_BETTER, LOWER_IS_BETTER
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.csv_file import CsvFile, number, read_csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.spaces.base import SearchSpace

logger = logging.getLogger(__name__)

_LONGEST_LIST: Final = 500  # characters of the columns that a message lists
_TOLD: Final = 5  # columns that are none of numbers, of which a message says why
NOT_MEASURED: Final = frozenset(("", "nan", "na", "n/a", "#n/a", "null", "none", "-"))
"""What stands in a field where there is no value, in any case."""


class OwnTable(ColumnTable):
    """The columns of numbers of a user's file.

    Args:
        path: The file, which names the table.
        space: The space of its architectures.
        texts: The architectures, as the space writes them.
        values: The columns of numbers by name, turned so that higher is better, shape (n,).
        lower_is_better: Which of them were turned.
        refused: Why each other column is none of numbers.

    Raises:
        TableError: There is no column of numbers.
    """

    def __init__(
        self,
        path: Path,
        space: SearchSpace[Any],
        texts: Sequence[str],
        values: Mapping[str, NDArray[np.float64]],
        lower_is_better: Collection[str],
        refused: Mapping[str, str],
    ) -> None:
        if not values:
            why = "; ".join([*refused.values()][:_TOLD]) or "it has no column beside 'architecture'"
            raise TableError(f"{path} holds no column of numbers: {why}")
        metrics = {
            column: LOWER_IS_BETTER if column in lower_is_better else HIGHER_IS_BETTER
            for column in values
        }
        super().__init__(
            name=own_name(path),
            label=path.name,
            space=space.name,
            source=str(path),
            texts=texts,
            values={(column, metrics[column]): found for column, found in values.items()},
        )
        self._space = space
        self._refused = refused

    def require_dataset(self, dataset: str) -> tuple[str, ...]:
        """Return the metric of a column.

        Raises:
            TableError: There is no such column, or it is none of numbers: the line is named.
        """
        if dataset in self._refused:
            raise TableError(self._refused[dataset])
        columns = self.columns()
        if dataset not in columns:
            raise TableError(unknown_name("column", dataset, columns, self.source))
        return columns[dataset]

    def require(self, dataset: str, metric: str) -> None:
        """Refuse a column that is not there, or the other direction than it was read in.

        Raises:
            TableError: What is there, and how the direction is chosen, is said.
        """
        if metric == LOWER_IS_BETTER and metric not in self.require_dataset(dataset):
            raise TableError(
                f"{self.source}, column {shown(dataset)}: was read as higher is better; for the "
                f"other direction name it with --lower-is-better (lower_is_better="
                f"[{shown(dataset)}] in Python) and leave out the metric"
            )
        super().require(dataset, metric)

    def default_dataset(self, published: Sequence[str] = ()) -> str:
        """Return the only column.

        Raises:
            TableError: There are several, of which one has to be named.
        """
        columns = tuple(self.columns())
        if len(columns) > 1:
            listed = printable(", ".join(columns))[:_LONGEST_LIST]
            raise TableError(
                f"{self.source} has {len(columns)} columns of numbers: {listed}; say with "
                "--dataset which one is meant"
            )
        return columns[0]

    def position(self, architecture: str) -> int:
        """Return the row of an architecture, or of one that builds the same network.

        The same are two that compute the same function with as many parameters and
        multiply-accumulates: other spellings of one graph, and not a cell and the same cell with a
        dead convolution, which takes its time.

        Raises:
            TableError: The file has neither.
        """
        row = self._rows.get(architecture)
        if row is None:
            try:
                row = self._rows_by_network.get(self._network(architecture))
            except ArchitectureError as error:
                raise TableError(f"{self.label}: {error}") from None
        if row is None:
            raise TableError(
                f"{self.source} has no architecture {shown(architecture)} among its {len(self):,}"
            )
        return row

    def _network(self, text: str) -> tuple[str, int, int]:
        space, architecture = self._space, self._space.parse(text)
        return space.hash(architecture), space.params(architecture), space.macs(architecture)

    @cached_property
    def _rows_by_network(self) -> dict[tuple[str, int, int], int]:
        rows: dict[tuple[str, int, int], int] = {}
        for row, text in enumerate(self.architectures()):
            rows.setdefault(self._network(text), row)
        return rows


def read_own(
    path: Path, space: SearchSpace[Any], lower_is_better: Collection[str] = ()
) -> OwnTable:
    """Read a CSV file with a column ``architecture`` and columns of numbers.

    Args:
        path: The file; see :mod:`~naslib_proxydata.tables.csv_file` for its form.
        space: The space of its architectures, which may be spelt in any way that it reads.
        lower_is_better: The columns whose lowest values are the best; others are passed over.

    Raises:
        TableAbsentError: There is no such file.
        TableError: It cannot be read, a line holds no architecture of the space or one that
            stands on another line, or no column is one of numbers; file and line are named.
    """
    if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
        raise TableAbsentError(f"there is no file {path}; give the path of a CSV file behind csv:")
    file = read_csv(path, TableError)
    texts = _texts(path, file, space)
    values: dict[str, NDArray[np.float64]] = {}
    refused: dict[str, str] = {}
    for place, column in enumerate(file.columns):
        try:
            numbers = _numbers(path, file, place)
        except TableError as error:
            refused[column] = str(error)
        else:
            absent = int(np.isnan(numbers).sum())
            if absent:
                logger.info(
                    "%s: %d of %d architectures have no value in the column %r",
                    path,
                    absent,
                    len(numbers),
                    column,
                )
            values[column] = -numbers if column in lower_is_better else numbers
    return OwnTable(path, space, texts, values, lower_is_better, refused)


def own_name(path: Path) -> str:
    """Return what a file is called as a benchmark: ``csv:latency`` of ``latency.csv.gz``.

    The prefix tells it from a published benchmark, whose published figures are not its own.
    """
    stem = path.name.removesuffix(".gz")
    return f"csv:{Path(stem).stem}"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        TableAbsentError: It cannot be read.
    """
    with open_file(path, TableAbsentError, "check the path") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _texts(path: Path, file: CsvFile, space: SearchSpace[Any]) -> tuple[str, ...]:
    """Return the architectures as the space writes them, each once."""
    lines: dict[str, int] = {}
    for line, text in zip(file.lines, file.architectures, strict=True):
        where = f"{path}, line {line}"
        try:
            written = space.text(space.parse(text))
        except ArchitectureError as error:
            raise TableError(f"{where}: not an architecture of {space.name!r}: {error}") from None
        if written in lines:
            raise TableError(
                f"{where}: {shown(text)} stands on line {lines[written]} already; keep one of "
                "the two, with the mean of their values, say"
            )
        lines[written] = line
    if not lines:
        raise TableError(f"{path} holds no architecture, only a header")
    return tuple(lines)


def _numbers(path: Path, file: CsvFile, place: int) -> NDArray[np.float64]:
    """Return one column, shape (n,), nan where nothing was measured."""
    column = file.columns[place]
    numbers = np.empty(len(file.lines), dtype=np.float64)
    for row, (line, fields) in enumerate(zip(file.lines, file.fields, strict=True)):
        text = fields[place]
        try:
            numbers[row] = math.nan if text.lower() in NOT_MEASURED else number(text)
        except ValueError:
            raise TableError(
                f"{path}, line {line}, column {shown(column)}: expected a number, such as 12.5, "
                f"without unit, or nothing where none was measured; got {shown(text)}"
            ) from None
    if np.isnan(numbers).all():
        raise TableError(f"{path}: the column {shown(column)} holds no value")
    return numbers
