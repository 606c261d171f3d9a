"""Where the cells of a search are looked up, and what is said where a table lacks them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import plugins
from naslib_proxydata.assemble.search import (
    look_up,
    measured_trajectory,
    run_search,
    table_space,
)
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.errors import TableError
from naslib_proxydata.oneshot.records import EpochRecord, SearchResult
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.tables.nb101 import read_compact

FOUND = plugins.load()


class Small(BenchmarkTable):
    """Two cells, one column."""

    name, label, space, source = "small", "Small", "nb201", "a test"

    def __len__(self) -> int:
        return 2

    def architectures(self) -> Sequence[str]:
        return ("a", "b")

    def columns(self) -> dict[str, tuple[str, ...]]:
        return {"cifar10": ("validation_accuracy",)}

    def read(self, dataset: str, metric: str) -> NDArray[np.float64]:
        return np.array([90.0, 91.5])

    def position(self, architecture: str) -> int:
        if architecture not in ("a", "b"):
            raise TableError(f"no cell {architecture}")
        return self.architectures().index(architecture)


def result(*cells: str) -> SearchResult:
    records = [
        EpochRecord(epoch, {}, cell, {}, {}, {}, {}, 0.0, {})
        for epoch, cell in enumerate(cells, start=1)
    ]
    return SearchResult(cells[-1], tuple(records))


def test_nb1shot1_is_looked_up_in_nb101() -> None:
    assert [table_space(FOUND, f"nb1shot1-{number}") for number in (1, 2, 3)] == ["nb101"] * 3
    assert table_space(FOUND, "nb201") == "nb201"
    assert table_space(FOUND, "no such space") == "no such space"


def test_the_trajectory_counts_the_cells_that_were_found() -> None:
    trajectory = measured_trajectory([Small()], result("a", "x", "b", "y"))
    assert trajectory is not None
    assert [trajectory.values[place] for place in (0, 2)] == [90.0, 91.5]
    assert math.isnan(trajectory.values[1])
    expected = "Small, cifar10, validation_accuracy: 2 of 4 epochs' cells found"
    assert trajectory.label == expected
    assert trajectory.plain()["values"] == [90.0, None, 91.5, None]


def test_a_full_trajectory_says_no_number() -> None:
    trajectory = measured_trajectory([Small()], result("a"))
    assert trajectory is not None
    assert trajectory.label == "Small, cifar10, validation_accuracy"
    assert measured_trajectory([], result("a")) is None


def test_isomorphic_cells_have_the_same_values(shared_data: Path) -> None:
    """A cell of the table with its two parallel vertices swapped, at all four numbers of epochs."""
    table = read_compact(shared_data / "nb101.npz")
    cell = next(one for one in table.architectures() if one.startswith("110011:"))
    first, second = cell[-2:]
    swapped = f"110011:{second}{first}"
    found, notes = look_up([table], swapped)
    assert not notes
    assert [one.metric for one in found] == [
        "validation_accuracy",
        "validation_accuracy_36_epochs",
        "validation_accuracy_12_epochs",
        "validation_accuracy_4_epochs",
    ]
    assert found == look_up([table], cell)[0]


def test_a_search_says_what_the_table_lacks(tmp_path: Path, shared_data: Path) -> None:
    config = SearchConfig(
        space="nb1shot1-2",
        dataset="digits",
        channels=2,
        cells=1,
        training={"epochs": 1, "batch_size": 256},
        data_root=shared_data,
        out=tmp_path / "run",
    )
    finished = run_search(config)
    written = json.loads((tmp_path / "run" / "result.json").read_text())
    summary = (tmp_path / "run" / "summary.md").read_text()
    assert written["trajectory"]["benchmark"] == "NAS-Bench-101"
    if finished.measured:
        assert len(finished.measured) == 4
    else:
        assert "not looked up: NAS-Bench-101" in summary
        assert "0 of 1 epochs' cells found" in summary
        assert written["trajectory"]["values"] == [None]
