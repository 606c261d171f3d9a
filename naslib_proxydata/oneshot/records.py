"""What a search leaves behind: one record an epoch, and the result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.hookspecs import Level
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from pathlib import Path


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
    """

    cell: str
    records: tuple[EpochRecord, ...]

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
        RunFolderError: It is absent or damaged.
    """
    with boundary(path, RunFolderError, "run the same search again, which writes it anew"):
        return tuple(EpochRecord(**record) for record in json.loads(path.read_text()))
