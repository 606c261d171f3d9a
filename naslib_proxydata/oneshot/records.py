"""What a search leaves behind: one record an epoch, and the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.hookspecs import Level
from naslib_proxydata.packed import read_unpacked
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from pathlib import Path

_ADVICE = "run the search again with this folder, which writes it anew"


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a search, as plain data.

    Attributes:
        epoch: The epoch, counting from 1.
        metrics: As the hook ``epoch_finished`` gets them.
        cell: Text of the architecture that the search would return.
        processed: Examples that went through the network for each level in this epoch.
        used: Different examples of each level that this epoch trained on.
        left: Examples in use for each level after this epoch's pruning.
        left_by_class: The same by class; empty where there are no labels.
        free_share: Share of the cell's edges whose operation has no parameters.
        strengths: Strength of each candidate, by kind of cell, edges x operations.
    """

    epoch: int
    metrics: Mapping[str, float]
    cell: str
    processed: Mapping[Level, int]
    used: Mapping[Level, int]
    left: Mapping[Level, int]
    left_by_class: Mapping[Level, list[int]]
    free_share: float
    strengths: Mapping[str, list[list[float]]]

    def plain(self) -> dict[str, Any]:
        """Return the record as dicts, lists, numbers and texts."""
        return asdict(self)


@dataclass(frozen=True)
class SearchResult:
    """A finished search.

    Attributes:
        cell: Text of the final architecture.
        records: One for each epoch.
        returned: The epoch that the cell is of where the search stopped early, else None.
    """

    cell: str
    records: tuple[EpochRecord, ...]
    returned: int | None = None

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all epochs."""
        return ordered_sum(record.metrics["seconds"] for record in self.records)

    @property
    def processed(self) -> int:
        """Examples that went through the network, both levels together."""
        return sum(sum(record.processed.values()) for record in self.records)


def read_history(path: Path) -> tuple[EpochRecord, ...]:
    """Read ``history.json`` of a run folder.

    Raises:
        RunFolderError: It cannot be read, is damaged, or holds something else than one record for
            each epoch from the first.
    """
    content = read_unpacked(path, RunFolderError, _ADVICE)
    with boundary(path, RunFolderError, _ADVICE):
        records = tuple(EpochRecord(**record) for record in json.loads(content))
        for number, record in enumerate(records, start=1):
            _check(record, number)
    return records


def _check(record: EpochRecord, number: int) -> None:
    """Refuse a record of another epoch, or with something else in a field than the search wrote.

    Raises:
        ValueError: The epoch and the field are named.
    """
    levels = (record.processed, record.used, record.left)
    right = {
        "epoch": type(record.epoch) is int and record.epoch == number,
        "metrics": _maps(record.metrics, _is_number),
        "cell": isinstance(record.cell, str),
        "processed, used, left": all(_maps(one, _is_count) for one in levels),
        "left_by_class": _maps(record.left_by_class, lambda one: _lists(one, _is_count)),
        "free_share": _is_number(record.free_share),
        "strengths": _maps(
            record.strengths, lambda one: _lists(one, lambda row: _lists(row, _is_number))
        ),
    }
    wrong = [field for field, is_right in right.items() if not is_right]
    if wrong:
        raise ValueError(f"epoch {number}: unexpected value of {', '.join(wrong)}")


def _maps(value: Any, right: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(right, value.values()))


def _lists(value: Any, right: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(right, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
