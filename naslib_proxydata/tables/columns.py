"""A table held in memory: texts and columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import TableError, shown
from naslib_proxydata.tables.base import BenchmarkTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

Column = tuple[str, str]
"""(dataset, metric)."""


class ColumnTable(BenchmarkTable):
    """A table made of arrays.

    Args:
        name: The benchmark's name on the command line.
        label: What reports call the source.
        space: Name of the search space.
        source: Where the values were read from.
        texts: The architectures; an array of bytes is decoded when first asked for.
        values: Each column, shape (len(texts),); or what each of t trainings gave, shape
            (len(texts), t), nan where there were fewer, the column being their means.
        published_datasets: Datasets that the benchmark publishes, held or not.

    Raises:
        TableError: A column is not as long as there are architectures, there is none of either,
            or an architecture occurs twice.
    """

    def __init__(
        self,
        *,
        name: str,
        label: str,
        space: str,
        source: str,
        texts: Sequence[str] | NDArray[np.bytes_],
        values: Mapping[Column, NDArray[np.float64]],
        published_datasets: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.label = label
        self.space = space
        self.source = source
        self.published_datasets = tuple(published_datasets)
        self._texts = texts
        self._trials = {column: array for column, array in values.items() if array.ndim == 2}
        self._values = {
            column: mean_of_trials(array) if array.ndim == 2 else array
            for column, array in values.items()
        }
        if not len(texts):
            raise TableError(f"{label} ({source}) holds no architecture")
        if not self._values:
            raise TableError(f"{label} ({source}) holds no column of measured values")
        if len(set(texts.tolist() if isinstance(texts, np.ndarray) else texts)) != len(texts):
            raise TableError(f"{label} ({source}) holds an architecture twice")
        for (dataset, metric), column in self._values.items():
            if column.shape != (len(texts),):
                raise TableError(
                    f"{label} ({source}): column {metric!r} of {dataset!r} has shape "
                    f"{column.shape}, expected ({len(texts)},), one value per architecture"
                )

    def __len__(self) -> int:
        return len(self._texts)

    def architectures(self) -> Sequence[str]:
        """Return the texts in the table's own order."""
        return self._decoded

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return ``{dataset: (metric, ...)}`` in the order in which the columns were given."""
        metrics: dict[str, tuple[str, ...]] = {}
        for dataset, metric in self._values:
            metrics[dataset] = (*metrics.get(dataset, ()), metric)
        return metrics

    def read(self, dataset: str, metric: str) -> NDArray[np.float64]:
        """Return one column."""
        return self._values[dataset, metric]

    def trials(self, dataset: str, metric: str) -> NDArray[np.float64] | None:
        """Return what each training of one column gave, None where only means are known."""
        return self._trials.get((dataset, metric))

    def position(self, architecture: str) -> int:
        """Return the row of an architecture's text.

        Raises:
            TableError: The table has no such architecture.
        """
        try:
            return self._rows[architecture]
        except KeyError:
            raise TableError(
                f"{self.label} ({self.source}) has no architecture {shown(architecture)} among its "
                f"{len(self):,}"
            ) from None

    @cached_property
    def _decoded(self) -> tuple[str, ...]:
        return tuple(text.decode() if isinstance(text, bytes) else text for text in self._texts)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(self._decoded)}


def mean_of_trials(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each architecture's mean over its trainings, nan where it has none.

    Args:
        values: Shape (n, t), nan where there was no training.

    Returns:
        Shape (n,). The trainings are added in their order, the same on every machine.
    """
    total = np.zeros(len(values))
    for training in values.T:
        total += np.where(np.isnan(training), 0, training)
    count = np.isfinite(values).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def padded_trials(trials: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return what each training gave, shape (n, t), nan behind those of fewer trainings.

    Args:
        trials: The values of each architecture's trainings; t is the largest number of them.
    """
    most = max(map(len, trials), default=0)
    padded = np.full((len(trials), most), np.nan)
    for row, one in zip(padded, trials, strict=True):
        row[: len(one)] = one
    return padded
