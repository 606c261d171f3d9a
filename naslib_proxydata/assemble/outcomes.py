"""What the searches of an experiment found, and the rows of its table."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from naslib_proxydata.assemble.search import StoredSearch
from naslib_proxydata.config.experiment import Column
from naslib_proxydata.hookspecs import LEVELS
from naslib_proxydata.oneshot.records import EpochRecord


@dataclass(frozen=True)
class Outcome:
    """One search of an experiment.

    Attributes:
        row: Label of its row.
        seed: Its seed.
        levels: Level of each dimension of the grid.
        cell: What it found; empty where it failed or has not been run yet.
        values: By column, what the table holds for the cell; None where it lacks it.
        processed: Examples that went through the network, both levels together.
        left: Examples of each level in use after the last epoch.
        seconds: Wall-clock seconds of all epochs.
        share: See :func:`share_of_full`.
        reason: Why it failed, or that it has not been run yet.
        records: One for each epoch.
        eigenvalues: Dominant Hessian eigenvalue by epoch, where it was estimated.
        accuracies: The first column for the cell of each epoch, where a figure shows it.
    """

    row: str
    seed: int
    levels: Mapping[str, str] = field(default_factory=dict)
    cell: str = ""
    values: Mapping[str, float | None] = field(default_factory=dict)
    processed: int | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None
    share: float | None = None
    reason: str = ""
    records: tuple[EpochRecord, ...] = ()
    eigenvalues: Mapping[int, float] = field(default_factory=dict)
    accuracies: tuple[float, ...] = ()

    def plain(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Return the line of ``results.csv``; None is an empty cell."""
        return {
            "row": self.row,
            "seed": self.seed,
            "cell": self.cell,
            **{column.name: self.values.get(column.name) for column in columns},
            "examples_processed": self.processed,
            **{f"{level}_examples_left": self.left.get(level) for level in LEVELS},
            "seconds": self.seconds,
            "share_of_full_examples": self.share,
            "failure": self.reason,
        }


def share_of_full(records: Sequence[EpochRecord]) -> float:
    """Return the examples processed as a share of those of as many epochs without any pruning.

    An epoch without pruning has as many examples as the largest that the search had.
    """
    each = [sum(record.processed.values()) for record in records]
    return sum(each) / (len(each) * max(each))


def outcome_of(
    row: str,
    seed: int,
    levels: Mapping[str, str],
    stored: StoredSearch,
    values: Mapping[str, float | None],
) -> Outcome:
    """Return the outcome of a finished search."""
    result = stored.result
    last = result.records[-1]
    return Outcome(
        row=row,
        seed=seed,
        levels=levels,
        cell=result.cell,
        values=values,
        processed=result.processed,
        left={str(level): count for level, count in last.left.items()},
        seconds=result.seconds,
        share=share_of_full(result.records),
        records=result.records,
        eigenvalues=stored.eigenvalues,
    )


@dataclass(frozen=True)
class Statistic:
    """One column over the searches of a row.

    Attributes:
        mean: Mean; nan without any value.
        sd: Sample standard deviation (n - 1); nan below two values.
        best: The highest.
        n: How many values there are.
        lacking: How many found cells the benchmark's table lacks.
    """

    mean: float
    sd: float
    best: float
    n: int
    lacking: int = 0


@dataclass(frozen=True)
class RowSummary:
    """A line of the table.

    Attributes:
        label: Its label.
        searches: Searches that are finished.
        failed: Searches that failed, or were not run yet.
        statistics: By column.
        seconds: Mean wall-clock seconds of a search; nan without any.
        processed: Mean examples processed; nan without any.
        share: Mean share of full examples, see :func:`share_of_full`.
    """

    label: str
    searches: int
    failed: int
    statistics: Mapping[str, Statistic]
    seconds: float
    processed: float
    share: float


def statistic(values: Sequence[float | None]) -> Statistic:
    """Return mean, sample standard deviation, best, and how many there are."""
    there = [value for value in values if value is not None]
    return Statistic(
        mean=_mean(there),
        sd=statistics.stdev(there) if len(there) > 1 else math.nan,
        best=max(there, default=math.nan),
        n=len(there),
        lacking=len(values) - len(there),
    )


def summarised(
    outcomes: Sequence[Outcome], columns: Sequence[Column], by: Callable[[Outcome], str]
) -> list[RowSummary]:
    """Return a line for each group of searches, in the order in which they come."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(by(outcome), []).append(outcome)
    return [_summary(label, group, columns) for label, group in groups.items()]


def _summary(label: str, group: Sequence[Outcome], columns: Sequence[Column]) -> RowSummary:
    done = [one for one in group if not one.reason]
    return RowSummary(
        label=label,
        searches=len(done),
        failed=len(group) - len(done),
        statistics={
            column.name: statistic([one.values.get(column.name) for one in done])
            for column in columns
        },
        seconds=_mean([one.seconds for one in done if one.seconds is not None]),
        processed=_mean([one.processed for one in done if one.processed is not None]),
        share=_mean([one.share for one in done if one.share is not None]),
    )


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.nan


def csv_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return lines as CSV; None and nan are empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({key: "" if _is_nothing(one) else one for key, one in line.items()})
    return stream.getvalue()


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
