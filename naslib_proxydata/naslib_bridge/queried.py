"""Our benchmark tables, and our predictors, as what NASLib calls a ``dataset_api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naslib_proxydata.errors import NaslibError, TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naslib_proxydata.tables.base import BenchmarkTable

NB201_DATASETS: Final = {
    "cifar10-valid": "cifar10",
    "cifar100": "cifar100",
    "ImageNet16-120": "imagenet16",
}
"""NASLib's names of NAS-Bench-201's datasets, and ours."""
UNKNOWN: Final = float("nan")


class LastEpoch:
    """A learning curve of which only the end is known.

    Args:
        value: The value after the last epoch.
        what: What messages call the curve.
    """

    def __init__(self, value: float, what: str) -> None:
        self.value = value
        self.what = what

    def __getitem__(self, epoch: int) -> float:
        """Return the last value; NASLib asks for epoch -1, and for its setting ``fidelity``.

        Raises:
            TableError: Another epoch, or a part of the curve, is asked for.
        """
        if isinstance(epoch, slice) or epoch not in (-1, 199, 200):
            raise TableError(
                f"{self.what}: only the value after the last epoch is known, NASLib asked for "
                f"{epoch}; use search.fidelity 200, and predictors without learning curves"
            )
        return self.value


class Records(dict[str, Any]):
    """NASLib's record of each architecture, made when it is asked for."""

    def __init__(self, make: Callable[[str], Mapping[str, Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> Mapping[str, Any]:
        """Make the record of an architecture; it is not kept."""
        return self._make(text)


class DatasetApi(dict[str, Any]):
    """What NASLib's graphs are queried with; says what it lacks."""

    def __missing__(self, key: str) -> Any:
        """Refuse what this table does not hold.

        Raises:
            NaslibError: Always.
        """
        raise NaslibError(
            f"NASLib asked this dataset_api for {key!r}, it holds {', '.join(self)}; give the "
            "search a table of its own search space"
        )


def dataset_api(table: BenchmarkTable, metric: str | None = None) -> DatasetApi:
    """Return a table as NASLib's ``dataset_api``, so that no download of NASLib's is needed.

    NASLib reads one curve for validation and for test accuracy of NAS-Bench-201, so both are
    the metric given here. Training accuracy and training time, which the tables lack, are nan.

    Args:
        table: A table of NAS-Bench-201.
        metric: The metric that NASLib sees; where None, the table's default of each dataset.

    Raises:
        NaslibError: The table is of another search space.
        TableError: The table lacks the metric.
    """
    if table.space != "nb201":
        raise NaslibError(
            f"{table.label} is a table of {table.space!r}; NASLib's own graphs can be queried "
            "with a table of 'nb201'"
        )
    columns = {}
    for theirs, ours in NB201_DATASETS.items():
        if ours in table.columns():
            columns[theirs] = table.values(ours, metric or table.default_metric(ours))

    def record(text: str) -> Mapping[str, Any]:
        row = table.position(text)
        return {
            theirs: _fields(float(values[row]), f"{table.label}, {theirs}")
            for theirs, values in columns.items()
        }

    return DatasetApi(nb201_data=Records(record))


def predicted_api(predictor: Any) -> DatasetApi:
    """Return a predictor's scores as NASLib's ``dataset_api``: a search without any training.

    Args:
        predictor: A :class:`predictors.ProxyPredictor` of NAS-Bench-201. Whatever NASLib takes
            for an accuracy is its score.
    """

    def record(text: str) -> Mapping[str, Any]:
        value = predictor.value(text)
        return {theirs: _fields(value, predictor.method_type) for theirs in NB201_DATASETS}

    return DatasetApi(nb201_data=Records(record))


def _fields(value: float, what: str) -> dict[str, Any]:
    """Return what NASLib reads of one architecture and dataset."""
    return {
        "eval_acc1es": LastEpoch(value, what),
        "train_acc1es": LastEpoch(UNKNOWN, what),
        "cost_info": {"train_time": UNKNOWN},
    }
