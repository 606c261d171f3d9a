"""Our benchmark tables, and our predictors, as what NASLib calls a ``dataset_api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naslib_proxydata.errors import NaslibError, TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    """What NASLib's graphs are queried with; says what it lacks.

    Args:
        space: Our name of the search space that it answers for.
        held: What there is, by NASLib's keys.
    """

    def __init__(self, space: str, **held: Any) -> None:
        super().__init__(**held)
        self._space = space

    def __missing__(self, key: str) -> Any:
        """Refuse what this table does not hold.

        Raises:
            NaslibError: Always.
        """
        raise NaslibError(
            f"NASLib asked this dataset_api for {key!r}, it holds {', '.join(self)}: of NASLib's "
            "own graphs that of NAS-Bench-201 alone can be queried with our tables. To search "
            f"this one, put space_graph(naslib_proxydata.space({self._space!r})) of naslib_bridge "
            "in the place of NASLib's graph"
        )


def dataset_api(table: BenchmarkTable, metric: str | None = None) -> DatasetApi:
    """Return a table as NASLib's ``dataset_api``, so that no download of NASLib's is needed.

    NASLib's own graph can be queried with a table of NAS-Bench-201, a
    :class:`graphs.SpaceGraph` with any table of its space. NASLib reads one curve for
    validation and for test accuracy of NAS-Bench-201, so both are the metric given here.
    Training accuracy and training time, which the tables lack, are nan.

    Args:
        table: The table.
        metric: The metric that NASLib sees; where None, the table's default of each dataset.

    Raises:
        TableError: The table lacks the metric.
    """

    def value(text: str, dataset: str) -> float:
        ours = NB201_DATASETS.get(dataset, dataset)
        return table.query(text, ours, metric or table.default_metric(ours))

    def holds(text: str) -> bool:
        try:
            table.position(text)
        except TableError:
            return False
        return True

    if metric is not None:
        for dataset in table.columns():
            table.require(dataset, metric)
    api = DatasetApi(table.space, values=value, architectures=table.architectures(), holds=holds)
    if table.space == "nb201":
        held = [theirs for theirs, ours in NB201_DATASETS.items() if ours in table.columns()]
        api["nb201_data"] = Records(lambda text: _record(value, text, held, table.label))
    return api


def predicted_api(predictor: Any) -> DatasetApi:
    """Return a predictor's scores as NASLib's ``dataset_api``: a search without any training.

    Args:
        predictor: A :class:`predictors.ProxyPredictor`. Whatever NASLib takes for an accuracy
            is its score.
    """

    def value(text: str, dataset: str) -> float:
        return float(predictor.value(text))

    records = Records(lambda text: _record(value, text, NB201_DATASETS, predictor.method_type))
    return DatasetApi(predictor.space, values=value, nb201_data=records)


def _record(
    value: Callable[[str, str], float], text: str, datasets: Iterable[str], label: str
) -> Mapping[str, Any]:
    """Return what NASLib reads of one cell of NAS-Bench-201."""
    found = {name: _fields(value(text, name), f"{label}, {name}") for name in datasets}
    return DatasetRecord(found, label)


class DatasetRecord(dict[str, Any]):
    """What NASLib reads of one architecture, by dataset; says which there are.

    Args:
        found: By NASLib's name of the dataset.
        label: What messages call the table.
    """

    def __init__(self, found: Mapping[str, Any], label: str) -> None:
        super().__init__(found)
        self._label = label

    def __missing__(self, dataset: str) -> Any:
        """Refuse a dataset that the table does not hold.

        Raises:
            NaslibError: Always.
        """
        raise NaslibError(
            f"{self._label} holds nothing of {dataset!r}, only {', '.join(self)}; set 'dataset' of "
            "NASLib's configuration to one of these (cifar10 is read as cifar10-valid), or give "
            "another table"
        )


def _fields(value: float, what: str) -> dict[str, Any]:
    """Return what NASLib reads of one architecture and dataset."""
    return {
        "eval_acc1es": LastEpoch(value, what),
        "train_acc1es": LastEpoch(UNKNOWN, what),
        "cost_info": {"train_time": UNKNOWN},
    }
