"""The files people keep of a leaderboard: ``summary.csv``, ``summary.md`` and ``env.json``."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np

from naslib_proxydata.csv_text import csv_text
from naslib_proxydata.leaderboard.columns import MetricColumn
from naslib_proxydata.leaderboard.rows import COLUMNS, RESAMPLES, Row
from naslib_proxydata.markdown import markdown_table, one_line
from naslib_proxydata.runs.environment import provenance

NOTES = f"""\
A row is one predictor with one seed, best first by the mean Spearman over seeds; n is the number of
architectures ranked. Higher scores are better. Failed scores (nan) rank last, architectures without
signal (-inf: their output does not depend on the input) just above them; both are in n. Spearman's
rho and Kendall's tau-b are 1 where the scores order the architectures as the measured values do, 0
where they tell nothing, -1 where they order them the wrong way round. Intervals are 95 % percentile
bootstrap intervals over architectures ({RESAMPLES} resamples). Top 10 % is the share of the true
top k = ceil(0.1 n) found in the predicted top k, expected under random tie breaking; chance finds
k / n. Seconds (s / arch.) are wall-clock means of the scores that were computed. The paper's
figures are published ones, on architectures and images of the paper's own. A dash is what is not
defined or not known."""


LABEL_NOTES = """\
Here each row is the mean over {draws} draws of {labels} labelled architectures, ± the standard
deviation over draws, and its interval is that of the mean (Student's t), no bootstrap. The labelled
ones are drawn at random, the same for all predictors, and are not ranked; predictors that do not
learn are ranked on the same rest."""

TABLE_NOTES = """\
Predictors that learn had the {labels} labelled architectures of the label table, which are not
ranked."""


@dataclass(frozen=True)
class Absent:
    """A row that was asked for and cannot be had.

    Attributes:
        benchmark: Name of the benchmark.
        dataset: Name of the dataset, empty for all.
        reason: What is missing, and how to get it.
        family: Name of the group of benchmarks that it is averaged with, by default its own name.
    """

    benchmark: str
    dataset: str
    reason: str
    family: str = ""


@dataclass(frozen=True)
class AbsentFamily:
    """Absent rows of one family that are absent for the same reason.

    Attributes:
        family: Name of the group of benchmarks.
        count: How many rows there would be.
        names: The benchmarks; of a family of one, its datasets.
        reason: What is missing, and how to get it.
    """

    family: str
    count: int
    names: tuple[str, ...]
    reason: str

    @property
    def listed(self) -> str:
        """How many there are, and which."""
        return f"{self.count}: {', '.join(self.names)}"


def summary_csv(rows: Sequence[Row]) -> str:
    """Return a line per row, further metrics in columns behind the others; nan is empty."""
    text = io.StringIO()
    further = tuple(rows[0].metrics) if rows else ()
    writer = csv.DictWriter(text, (*COLUMNS, *further), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                name: "" if isinstance(value, float) and math.isnan(value) else value
                for name, value in row.plain().items()
            }
        )
    return text.getvalue()


def absent_csv(absent: Sequence[Absent]) -> str:
    """Return a line for each row that cannot be had."""
    return csv_text((field.name for field in fields(Absent)), map(astuple, absent))


def summary_markdown(
    rows: Sequence[Row],
    absent: Sequence[Absent],
    plots: Sequence[str],
    env: Mapping[str, Any],
    columns: Sequence[MetricColumn] = (),
) -> str:
    """Return the report: a table by dataset, tasks side by side, what is absent, and plots.

    Args:
        rows: All rows.
        absent: What was asked for and cannot be had.
        plots: Names of the figures within the run folder.
        env: See :func:`naslib_proxydata.runs.environment.environment`.
        columns: Metrics beside those of every row.
    """
    parts = ["# Leaderboard"]
    for title, group in by_task(rows).items():
        first = group[0]
        lines = [_task_line(row, columns) for row in best_first(group)]
        parts += [
            one_line(f"## {title}"),
            one_line(
                f"Measured values: {first.label}, {first.metric}, {first.cells} cells, read from "
                f"`{first.source}`.{_ceiling(group)}"
            ),
            markdown_table(_task_header(columns), lines),
        ]
    if len(by_task(rows)) > 1:
        parts.append("## All tasks")
        for title, lines in tasks_by_predictor(rows, columns, absent).items():
            parts += [f"{title}:", markdown_table(lines[0], lines[1:])]
    parts += map(one_line, notes(rows))
    if absent:
        lines = [(f"`{gap.family}`", gap.listed, gap.reason) for gap in grouped(absent)]
        parts += ["## Absent", markdown_table(("family", "tasks", "why"), lines)]
    parts += ["## How to read it", NOTES, *_metric_notes(columns)]
    if rows and rows[0].draws:
        parts.append(LABEL_NOTES.format(draws=rows[0].draws, labels=rows[0].labels))
    elif rows and rows[0].labels:
        parts.append(TABLE_NOTES.format(labels=rows[0].labels))
    parts.append(provenance(env))
    parts += [f"![{name}]({name})" for name in plots]
    return "\n\n".join(parts) + "\n"


def by_task(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group rows by benchmark and dataset, in their order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(f"{row.benchmark}: {row.dataset}", []).append(row)
    return groups


def best_first(rows: Iterable[Row]) -> list[Row]:
    """Sort rows by the mean Spearman of their predictor, seeds together, undefined ones last."""
    rows = list(rows)
    means = {
        name: _mean(row.spearman for row in rows if row.predictor == name)
        for name in {row.predictor for row in rows}
    }

    def key(row: Row) -> tuple[bool, float, str, int]:
        mean = means[row.predictor]
        return math.isnan(mean), -mean if mean == mean else 0.0, row.predictor, row.seed

    return sorted(rows, key=key)


def _ceiling(rows: Sequence[Row]) -> str:
    """Return what is said of the noise ceiling, nothing where it is not known."""
    ceiling = _mean(row.noise_ceiling for row in rows)
    if math.isnan(ceiling):
        return ""
    return f" Noise ceiling, one training against the mean of the others: rho = {ceiling:.3f}."


def _metric_notes(columns: Sequence[MetricColumn]) -> list[str]:
    """Return what further columns are: the first line of each metric's docstring."""
    texts = ((column.title, (type(column.metric).__doc__ or "").strip()) for column in columns)
    notes = [f"- {title}: {text.splitlines()[0]}" for title, text in texts if text]
    return ["\n".join(notes)] if notes else []


def _task_header(columns: Sequence[MetricColumn]) -> tuple[str, ...]:
    return (
        *("predictor", "seed", "n", "failed", "no signal"),
        *("Spearman [95 %]", "Kendall", "top 10 %"),
        *(column.title for column in columns),
        *("s / arch.", "paper Spearman", "paper top 10 %"),
    )


def _task_line(row: Row, columns: Sequence[MetricColumn]) -> tuple[str, ...]:
    return (
        f"`{row.predictor}`",
        str(row.seed),
        str(row.n),
        str(row.n_failed),
        str(row.n_no_signal),
        spearman_cell(row),
        number(row.kendall),
        top10_cell(row),
        *(metric_cell(row, column) for column in columns),
        seconds(row.seconds_per_architecture),
        number(row.paper_spearman),
        percent(row.paper_top10),
    )


def grouped(absent: Iterable[Absent]) -> list[AbsentFamily]:
    """Put all that is absent of a family for the same reason into one entry."""
    groups: dict[tuple[str, str], list[Absent]] = {}
    for gap in absent:
        groups.setdefault((gap.family or gap.benchmark, gap.reason), []).append(gap)
    return [
        AbsentFamily(family, len(gaps), _names_of(family, gaps), reason)
        for (family, reason), gaps in groups.items()
    ]


def _names_of(family: str, gaps: Sequence[Absent]) -> tuple[str, ...]:
    if {gap.benchmark for gap in gaps} == {family}:
        return tuple(gap.dataset or "all" for gap in gaps)
    return tuple(dict.fromkeys(gap.benchmark for gap in gaps))


def tasks_by_predictor(
    rows: Sequence[Row], columns: Sequence[MetricColumn] = (), absent: Sequence[Absent] = ()
) -> dict[str, list[tuple[str, ...]]]:
    """Return tables like the paper's by title: tasks down by family, predictors across.

    A cell is the mean over seeds; the published figure, where known, stands in brackets. Every
    family of several tasks ends with its average, and several families with the average of
    theirs, so that none counts more for having more tables. What is not defined for one seed or
    task has no mean. Tasks with a note have a star and count in no average, and what is absent of
    a family has one line there.
    """
    tables = {
        "Spearman, ours (paper's)": _by_task_and_predictor(
            rows, absent, "spearman", number, "paper_spearman"
        ),
        "Top-10 % retrieval, ours (paper's)": _by_task_and_predictor(
            rows, absent, "top10_retrieval", percent, "paper_top10"
        ),
    }
    for column in columns:
        show = percent if column.metric.is_share else number
        tables[column.title] = _by_task_and_predictor(rows, absent, column.label, show)
    return tables


def notes(rows: Iterable[Row]) -> list[str]:
    """Return which tasks count in no average and why, a sentence for each reason."""
    tasks: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            tasks.setdefault(row.note, []).append(f"{row.benchmark}: {row.dataset}")
    return [
        f"In no average (*): {', '.join(dict.fromkeys(names))}, since {note}."
        for note, names in tasks.items()
    ]


def _by_task_and_predictor(
    rows: Sequence[Row],
    absent: Sequence[Absent],
    column: str,
    show: Callable[[float], str],
    paper: str | None = None,
) -> list[tuple[str, ...]]:
    """Return header and lines of one column of the rows, beside the published figures."""
    ordering = [row for row in rows if not row.note] or rows
    names = tuple(dict.fromkeys(row.predictor for row in best_first(ordering)))
    gaps = grouped(absent)
    families = by_family(rows)
    averages = []
    lines: list[tuple[str, ...]] = [("task", *names)]
    for family, group in families.items():
        tasks = by_task(group)
        for task, of_task in tasks.items():
            figures = [_mean_of(of_task, name, paper) if paper else math.nan for name in names]
            shown = [
                show(_mean_of(of_task, name, column))
                + ("" if math.isnan(figure) else f" ({show(figure)})")
                for name, figure in zip(names, figures, strict=True)
            ]
            lines.append((task + (" *" if _is_noted(of_task) else ""), *shown))
        lines += [_absent_line(gap, len(names)) for gap in gaps if gap.family == family]
        counted = [of_task for of_task in tasks.values() if not _is_noted(of_task)]
        if counted:
            means = [_mean(_mean_of(one, name, column) for one in counted) for name in names]
            averages.append((f"average of {family}", means))
            if len(counted) > 1 and len(families) > 1:
                lines.append((averages[-1][0], *map(show, means)))
    lines += [_absent_line(gap, len(names)) for gap in gaps if gap.family not in families]
    if averages:
        of_all = [_mean(means) for means in zip(*(means for _, means in averages), strict=True)]
        title = "average" if len(families) == 1 else "average of the families"
        lines.append((title, *map(show, of_all)))
    return lines


def by_family(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group rows by family, a benchmark without one being its own."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.family or row.benchmark, []).append(row)
    return groups


def _absent_line(gap: AbsentFamily, width: int) -> tuple[str, ...]:
    return (f"{gap.family}: {gap.count} absent", *("",) * width)


def _is_noted(rows: Iterable[Row]) -> bool:
    return any(row.note for row in rows)


def _mean_of(rows: Iterable[Row], predictor: str, column: str) -> float:
    return _mean(row.plain()[column] for row in rows if row.predictor == predictor)


def spearman_cell(row: Row) -> str:
    """Return Spearman's rho with its interval, and its spread over draws of labels."""
    spread = f" ± {number(row.spearman_std)}" if row.draws else ""
    interval = f"[{number(row.spearman_low)}, {number(row.spearman_high)}]"
    return f"{number(row.spearman)}{spread} {interval}"


def top10_cell(row: Row) -> str:
    """Return the top-10 % retrieval, and its spread over draws of labels."""
    return percent(row.top10_retrieval) + (f" ± {percent(row.top10_std)}" if row.draws else "")


def metric_cell(row: Row, column: MetricColumn) -> str:
    """Return a further metric, in percent where it is a share."""
    value = row.metrics[column.label]
    return percent(value) if column.metric.is_share else number(value)


def number(value: float) -> str:
    """Return a number with two digits, and a dash where it is not defined."""
    return "–" if math.isnan(value) else f"{round(value, 2) + 0.0:.2f}"  # never "-0.00"


def percent(value: float) -> str:
    """Return a share in percent, and a dash where it is not known."""
    return "–" if math.isnan(value) else f"{100 * value:.0f} %"


def seconds(value: float) -> str:
    """Return a time in seconds with two significant digits, in plain notation."""
    if math.isnan(value):
        return "–"
    return "< 0.0001" if value < 1e-4 else f"{float(f'{value:.2g}'):.10g}"


def _mean(values: Iterable[float]) -> float:
    """Return the mean, nan where one of the values is, or where there is none."""
    array = np.array(list(values))
    return float(array.mean()) if len(array) else math.nan
