"""What trainings came to: a row for each, means over seeds, and the gain over random ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naslib_proxydata.assemble.trainings import Job, Trained
from naslib_proxydata.leaderboard.labels import mean_interval
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.ranking import relative_improvement


@dataclass(frozen=True)
class Wanted:
    """One training that is wanted.

    Attributes:
        job: The training.
        name: Name of its folder.
        random: Whether its architecture is one of the random ones to compare with.
    """

    job: Job
    name: str
    random: bool


@dataclass(frozen=True)
class Row:
    """One training of a finished run.

    Attributes:
        wanted: What it is.
        trained: What came of it; None where it failed.
        failure: Why it failed; empty where it did not.
    """

    wanted: Wanted
    trained: Trained | None = None
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the line of ``results.csv``; None is an empty cell."""
        job, done = self.wanted.job, self.trained
        line: dict[str, Any] = {
            "architecture": job.architecture,
            "random": int(self.wanted.random),
            "channels": job.channels,
            "seed": job.seed,
        }
        if done is None:
            return {**line, "failure": self.failure}
        result = done.result
        best = result.best_epoch
        return {
            **line,
            "params": done.params,
            "macs": done.macs,
            "epochs": len(result.records),
            **_columns("training", result.last.training),
            **_columns("validation", result.last.validation),
            "best_epoch": best,
            **_columns("best_validation", best and result.records[best - 1].validation),
            **_columns("test", result.test),
            **_columns("best_test", result.test_of_best),
            **_columns("average_test", result.test_of_average),
            "seconds": result.seconds,
            "images_per_second": result.images_per_second,
            "failure": "",
        }


def _columns(name: str, accuracy: Any) -> dict[str, float | None]:
    return {
        f"{name}_{field}": None if accuracy is None else getattr(accuracy, field)
        for field in ("loss", "top1", "top5")
    }


@dataclass(frozen=True)
class Group:
    """All seeds of one architecture at one width.

    Attributes:
        architecture: Its text.
        channels: Channels of the first cells; None for the space's.
        random: Whether it is one of the random ones to compare with.
        rows: One for each seed.
    """

    architecture: str
    channels: int | None
    random: bool
    rows: tuple[Row, ...]

    def values(self, column: str) -> list[float]:
        """Return the values of a column of ``results.csv``, of the trainings that have one."""
        found = [row.plain().get(column) for row in self.rows]
        return [float(one) for one in found if one is not None]

    @property
    def accuracy(self) -> float:
        """Mean top-1 accuracy of the last epoch in percent; nan where every seed failed."""
        done = [row.trained.result.accuracy for row in self.rows if row.trained is not None]
        return statistics.fmean(done) if done else math.nan


@dataclass(frozen=True)
class Improvement:
    """What an architecture gains over the mean of random ones (arXiv 2006.13314).

    Attributes:
        architecture: Its text.
        channels: Channels of the first cells; None for the space's.
        value: RI = 100 (Acc_m - Acc_r) / Acc_r, in percent.
        low: RI at the upper end of Student's 95 % interval of Acc_r; nan with one random one.
        high: RI at its lower end.
        count: Number of random architectures.
    """

    architecture: str
    channels: int | None
    value: float
    low: float
    high: float
    count: int

    @property
    def told(self) -> str:
        """The value with its interval, where there is one, in words."""
        known = math.isfinite(self.low) and math.isfinite(self.high)
        interval = f" [{self.low:.2f}, {self.high:.2f}]" if known else ""
        if self.count == 1:
            return f"{self.value:.2f} %{interval} over one random architecture"
        return f"{self.value:.2f} %{interval} over the mean of {self.count} random architectures"


@dataclass(frozen=True)
class FinishedTraining:
    """What a finished run returns, and has written to its folder.

    Attributes:
        rows: One for each training.
        groups: The same by architecture and width.
        improvements: Over random architectures; empty where none were trained.
        folder: The run folder, or None where none is kept.
    """

    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    improvements: tuple[Improvement, ...]
    folder: Path | None

    @property
    def accuracy(self) -> float:
        """Mean top-1 accuracy in percent of the first architecture at the first width."""
        return self.groups[0].accuracy

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the mean accuracy of each architecture and width."""
        header = ("architecture", "channels", "trained", "top-1 accuracy (%)")
        lines = [
            (
                one.architecture,
                "" if one.channels is None else one.channels,
                len(one.rows),
                "–" if math.isnan(one.accuracy) else f"{one.accuracy:.2f}",
            )
            for one in self.groups
        ]
        return notebook_table("Training", header, lines)


def finished_of(rows: Sequence[Row], folder: Path | None) -> FinishedTraining:
    """Return rows with what follows from them."""
    grouped: dict[tuple[str, int | None, bool], list[Row]] = {}
    for row in rows:
        job = row.wanted.job
        grouped.setdefault((job.architecture, job.channels, row.wanted.random), []).append(row)
    groups = tuple(Group(*kind, tuple(some)) for kind, some in grouped.items())
    return FinishedTraining(tuple(rows), groups, improvements_of(groups), folder)


def improvements_of(groups: Sequence[Group]) -> tuple[Improvement, ...]:
    """Return RI of every architecture over the random ones of its width."""
    found = []
    for group in groups:
        random = [
            one.accuracy
            for one in groups
            if one.random and one.channels == group.channels and math.isfinite(one.accuracy)
        ]
        if group.random or not random or not math.isfinite(group.accuracy):
            continue
        interval = mean_interval(random)
        value, low, high = (
            relative_improvement(group.accuracy, mean) if mean > 0 else math.nan
            for mean in (statistics.fmean(random), interval.high, interval.low)
        )
        found.append(Improvement(group.architecture, group.channels, value, low, high, len(random)))
    return tuple(found)
