"""What a benchmark table is: architectures in a fixed order, and measured values for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from naslib_proxydata.errors import TableError, unknown_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HIGHER_IS_BETTER: Final = "higher_is_better"
"""The metric of a column of a user's own that is ranked as it is."""
LOWER_IS_BETTER: Final = "lower_is_better"
"""How the name of a metric ends whose values a table has turned round, so that higher is better."""

Value = TypeVar("Value", "float", "NDArray[np.float64]")


def in_own_unit(metric: str, values: Value) -> Value:
    """Return values of a metric as they were measured: turned back where lower is better."""
    return -values if metric.endswith(LOWER_IS_BETTER) else values


class BenchmarkTable(ABC):
    """Measured values of many architectures of one search space.

    Attributes:
        name: The benchmark's name on the command line.
        label: What reports call the source, such as ``"NAS-Bench-201"``.
        space: Name of the search space of the architectures.
        source: Where the values were read from.
        published_datasets: Datasets (tasks) that the benchmark publishes, whether or not this
            source holds them all.
    """

    name: str
    label: str
    space: str
    source: str
    published_datasets: tuple[str, ...] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of architectures."""

    @abstractmethod
    def architectures(self) -> Sequence[str]:
        """Return the texts of all architectures, in the table's own order."""

    @abstractmethod
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the metrics held for each dataset, as ``{dataset: (metric, ...)}``."""

    @abstractmethod
    def read(self, dataset: str, metric: str) -> NDArray[np.float64]:
        """Return one column, shape (len(self),), nan where the source has no value."""

    @abstractmethod
    def position(self, architecture: str) -> int:
        """Return the row of an architecture's text.

        Raises:
            TableError: The table has no such architecture.
        """

    def default_dataset(self, published: Sequence[str] = ()) -> str:
        """Return the dataset meant where none is named: the first held of the published ones.

        Args:
            published: The datasets of the published table, in its order; where none of them is
                held, the first held is meant.
        """
        columns = self.columns()
        return next(dataset for dataset in (*published, *columns) if dataset in columns)

    def default_metric(self, dataset: str) -> str:
        """Return the metric meant where none is named: validation accuracy, or the first held.

        Raises:
            TableError: The table lacks the dataset; those it has are named.
        """
        metrics = self.require_dataset(dataset)
        return "validation_accuracy" if "validation_accuracy" in metrics else metrics[0]

    def values(self, dataset: str, metric: str) -> NDArray[np.float64]:
        """Return one column; accuracies are in percent and higher is always better.

        The array cannot be written to, since it may be the table's own; copy it to change it.

        Raises:
            TableError: The table lacks the dataset or metric; those it has are named.
        """
        self.require(dataset, metric)
        column = self.read(dataset, metric).view()
        column.flags.writeable = False
        return column

    def trials(self, dataset: str, metric: str) -> NDArray[np.float64] | None:
        """Return what each of t trainings of one column gave, None where it is not known.

        Returns:
            Shape (len(self), t), nan where an architecture was trained less often. Its means are
            the column.
        """
        return None

    def query(self, architecture: str, dataset: str, metric: str) -> float:
        """Return one measured value of one architecture.

        Raises:
            TableError: The architecture, dataset or metric is not in the table.
        """
        return float(self.values(dataset, metric)[self.position(architecture)])

    def require(self, dataset: str, metric: str) -> None:
        """Refuse a dataset or metric that the table lacks.

        Raises:
            TableError: The table lacks it; those it has are named.
        """
        metrics = self.require_dataset(dataset)
        if metric not in metrics:
            place = f"{self.label}, dataset {dataset!r} ({self.source})"
            raise TableError(unknown_name("metric", metric, metrics, place))

    def require_dataset(self, dataset: str) -> tuple[str, ...]:
        """Return the metrics held for a dataset.

        Raises:
            TableError: The table lacks it; those it has are named.
        """
        columns = self.columns()
        if dataset not in columns and dataset in self.published_datasets:
            raise TableError(
                f"{self.label} publishes {dataset}, but {self.source} holds no {dataset}; it holds "
                f"{', '.join(columns)}"
            )
        if dataset not in columns:
            place = f"{self.label} ({self.source})"
            raise TableError(unknown_name("dataset", dataset, columns, place))
        return columns[dataset]
