"""A live object of the official packages as a table.

Accepted are ``nas_201_api.NASBench201API`` (PyPI ``nas-bench-201``) and what
``nats_bench.create(..., "tss")`` returns (PyPI ``nats-bench``). Both answer ``get_more_info``, in
which the length of training is ``hp="12"`` or ``"200"``; up to ``nas-bench-201`` 1.3 it was
``use_12epochs_result`` in the same place, so everything is passed by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.tables.nb201_columns import (
    LABEL,
    MEASUREMENTS,
    NAME,
    Measurement,
    check_cells,
    percent,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TrainedCell(Protocol):
    """What is used of the official record of one cell and one length of training."""

    def get_dataset_seeds(self, dataset: str) -> Sequence[int]:
        """Return the seed of each trial."""


class NasBench201Api(Protocol):
    """What is used of the official objects.

    ``nats_bench`` and ``nas-bench-201`` 2 hold their records in ``arch2infos_dict[index][hp]``,
    ``nas-bench-201`` 1 in ``arch2infos_less[index]`` and ``arch2infos_full[index]``.
    """

    meta_archs: Sequence[str]

    @property
    def get_more_info(self) -> Callable[..., Mapping[str, Any]]:
        """Metrics of a cell: of one seed, or means over the seeds for ``is_random=False``."""


class NasBench201ApiTable(BenchmarkTable):
    """Asks the API for one value at a time, so a query loads one cell only.

    A value that the API does not hold is nan. Reading a whole column asks for every cell;
    ``nats_bench`` in fast mode keeps each in memory, so convert its folder instead.

    Args:
        api: The live object.

    Raises:
        TableError: The object is not one of the two, is of another search space, or is called
            otherwise than the published ones.
    """

    name = NAME
    label = LABEL
    space = NAME

    def __init__(self, api: NasBench201Api) -> None:
        if not hasattr(api, "get_more_info") or not hasattr(api, "meta_archs"):
            raise TableError(
                f"expected nas_201_api.NASBench201API or nats_bench.create(..., 'tss'), got "
                f"{type(api).__name__}"
            )
        self.api = api
        self.source = f"{type(api).__module__}.{type(api).__name__}"
        check_cells(api.meta_archs, f"this {self.source} object")
        self._uses_hp = _uses_hp(api.get_more_info, self.source)
        self._measurements = {one.column: one for one in MEASUREMENTS}

    def __len__(self) -> int:
        return len(self.api.meta_archs)

    def architectures(self) -> Sequence[str]:
        """Return the texts in the official order."""
        return self.api.meta_archs

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of the published benchmark."""
        metrics: dict[str, tuple[str, ...]] = {}
        for dataset, metric in self._measurements:
            metrics[dataset] = (*metrics.get(dataset, ()), metric)
        return metrics

    def read(self, dataset: str, metric: str) -> NDArray[np.float64]:
        """Ask for one column of all cells."""
        measurement = self._measurements[dataset, metric]
        return np.array([self._measure(index, measurement) for index in range(len(self))])

    def query(self, architecture: str, dataset: str, metric: str) -> float:
        """Ask for one value of one cell."""
        self.require(dataset, metric)
        return self._measure(self.position(architecture), self._measurements[dataset, metric])

    def position(self, architecture: str) -> int:
        """Return the official index of a cell's text.

        Raises:
            TableError: The API has no such cell.
        """
        try:
            return self._rows[architecture]
        except KeyError:
            raise TableError(f"{self.source} has no cell {architecture!r}") from None

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(self.api.meta_archs)}

    def _measure(self, index: int, measurement: Measurement) -> float:
        """Return the mean over the seeds, which is summed here.

        ``nats_bench`` sums with the built-in ``sum``, whose last digit depends on the Python.
        """
        try:
            self._ask(index, measurement, False)  # loads a cell that is still on the disk
            seeds = self._trained(index, measurement).get_dataset_seeds(measurement.trained_on)
            return float(np.mean([self._ask(index, measurement, seed) for seed in seeds]))
        except (LookupError, ValueError, AssertionError):  # how the two say "not held"
            return np.nan

    def _trained(self, index: int, measurement: Measurement) -> TrainedCell:
        """Return the official record of a cell."""
        api: Any = self.api
        if self._uses_hp:
            record: TrainedCell = api.arch2infos_dict[index][str(measurement.epochs)]
        else:
            records = api.arch2infos_less if measurement.epochs == 12 else api.arch2infos_full
            record = records[index]
        return record

    def _ask(self, index: int, measurement: Measurement, seed: int | Literal[False]) -> float:
        """Return the last epoch's accuracy in percent, of one seed or, for False, of all."""
        part = "valid-accuracy" if measurement.evaluated_on == "x-valid" else "test-accuracy"
        length: dict[str, Any] = (
            {"hp": str(measurement.epochs)}
            if self._uses_hp
            else {"use_12epochs_result": measurement.epochs == 12}
        )
        info = self.api.get_more_info(
            index=index, dataset=measurement.trained_on, iepoch=None, **length, is_random=seed
        )
        where = f"{self.source}, cell {index}, {measurement.trained_on}, {part}"
        return percent(info[part], where)


def _uses_hp(method: Callable[..., Any], source: str) -> bool:
    """Return whether the length of training is called ``hp``, not ``use_12epochs_result``.

    Raises:
        TableError: It is called otherwise, or another argument is.
    """
    names = set(inspect.signature(method).parameters)
    known = {"index", "dataset", "iepoch", "is_random"}
    if not known <= names or not names & {"hp", "use_12epochs_result"}:
        raise TableError(
            f"{source}.get_more_info takes ({', '.join(sorted(names))}), expected "
            f"{', '.join(sorted(known))} and hp or use_12epochs_result, as nats-bench 1 and "
            "nas-bench-201 1.3 to 2.1 have it"
        )
    return "hp" in names


def from_api(api: NasBench201Api) -> NasBench201ApiTable:
    """Return a live API object as a table; see :class:`NasBench201ApiTable`."""
    return NasBench201ApiTable(api)
