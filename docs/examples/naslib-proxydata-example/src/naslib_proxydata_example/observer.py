"""An observer: a line of CSV for each epoch of a search."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from naslib_proxydata.errors import SearchError
from naslib_proxydata.hookspecs import SearchInfo, hookimpl


class EpochTable:
    """Writes epoch, accuracies and cell to a file in the run folder.

    Args:
        name: Name of the file.
    """

    def __init__(self, name: str = "epochs.csv") -> None:
        self.name = name

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        if info.folder is None:
            raise SearchError("the observer 'epoch-table' needs a run folder; give one with --out")
        self._path: Path = info.folder / self.name

    @hookimpl
    def epoch_finished(self, epoch: int, metrics: Mapping[str, float], cell: str) -> None:
        accuracies = [metrics[f"{level}_accuracy"] for level in ("weights", "architecture")]
        with open(self._path, "a", newline="") as lines:
            csv.writer(lines).writerow([epoch, *accuracies, cell])
