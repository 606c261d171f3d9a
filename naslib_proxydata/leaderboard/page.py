"""The parts of a page that a leaderboard has: figures and tables of its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.architectures import ARCHITECTURES, ScoredArchitecture
from naslib_proxydata.leaderboard.published import SOURCE
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.pages.cost_chart import CostPoint, cost_chart
from naslib_proxydata.pages.markup import Html
from naslib_proxydata.pages.page import Section, figure, paragraph, side_by_side
from naslib_proxydata.pages.rank_chart import RankPoint, rank_chart
from naslib_proxydata.pages.table import MOST_LINES, Cell, Number, Table, as_number, table_html
from naslib_proxydata.tables.base import in_own_unit

_FIGURE_NAMES = 40
"""Predictors that a figure shows; a table has all."""


@dataclass(frozen=True)
class Line:
    """A row of a leaderboard under the name of its run, where several are compared.

    Attributes:
        run: Name of its run; empty where there is one alone.
        row: The row.
    """

    run: str
    row: Row

    @property
    def group(self) -> str:
        """What its colour stands for: the run, or the seed."""
        return self.run or f"seed {self.row.seed}"


def task_sections(lines: Sequence[Line]) -> list[Section]:
    """Return a section for each task: its figures and its table."""
    tasks: dict[str, list[Line]] = {}
    for line in lines:
        tasks.setdefault(f"{line.row.benchmark}: {line.row.dataset}", []).append(line)
    return [Section(title, _task(of_task)) for title, of_task in tasks.items()]


def all_tasks_section(rows: Sequence[Row], absent: Sequence[report.Absent]) -> list[Section]:
    """Return the tables with tasks down and predictors across, where there are several tasks."""
    if len(report.by_task(rows)) < 2:
        return []
    tables = report.tasks_by_predictor(rows, (), absent)
    content: list[Html] = []
    for title, lines in tables.items():
        cells = [[line[0], *map(as_number, line[1:])] for line in lines[1:]]
        content += [paragraph(title), table_html(Table(lines[0], cells, title))]
    return [Section("All tasks", content)]


def architecture_section(
    architectures: Sequence[ScoredArchitecture], count: int, rows: Sequence[Row]
) -> Section:
    """Return the table of single architectures.

    Args:
        architectures: Those that are shown.
        count: How many the run has.
        rows: All rows, for what has to be said of draws of labels.
    """
    predictors = list(dict.fromkeys(name for one in architectures for name in one.scores))
    places = _places(architectures)
    header = ("architecture", "task", "seed", "measured", *predictors)
    lines: list[list[Cell]] = [
        [
            one.architecture,
            one.task,
            Number(one.seed, str(one.seed)),
            _measured(one),
            *(_score(one.scores.get(name, math.nan), one, places, name) for name in predictors),
        ]
        for one in architectures
    ]
    said = (
        f"The {len(lines):,} best by measured value of {count:,} are shown; {ARCHITECTURES} in the "
        "run folder has all."
        if count > len(lines)
        else ""
    )
    drawn = " They are those of the first draw of labels." if any(row.draws for row in rows) else ""
    lead = (
        "Scores, higher is better, with their place in brackets, 1 the highest, among the "
        "architectures shown of the same task and seed. A dash is a score that failed, -inf one "
        f"without signal.{drawn}"
    )
    table = Table(header, lines, "architectures", said)
    return Section("Architectures", [paragraph(lead, "note"), table_html(table)])


def notes_section(rows: Sequence[Row]) -> Section:
    """Return how the tables are read."""
    texts = [" ".join(report.NOTES.split()), *report.notes(rows)]
    return Section("How to read it", [paragraph(text) for text in texts], is_folded=True)


def best_architectures(
    architectures: Iterable[ScoredArchitecture],
) -> tuple[list[ScoredArchitecture], int]:
    """Return the architectures that a page shows, best first, and how many there are in all."""
    import heapq

    count = 0

    def counted() -> Iterable[ScoredArchitecture]:
        nonlocal count
        for one in architectures:
            count += 1
            yield one

    best = heapq.nlargest(MOST_LINES, counted(), key=_worth)
    return best, count


def _worth(one: ScoredArchitecture) -> float:
    return -math.inf if math.isnan(one.value) else one.value


def _task(lines: Sequence[Line]) -> list[Html]:
    """Return what is said, drawn and listed of one task."""
    rows = [line.row for line in lines]
    ordered = _best_first(lines)
    first = rows[0]
    counts = sorted({row.n for row in rows})
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    said = f"{first.label}, {n} architectures, {first.protocol}; read from {first.source}."
    figures = side_by_side(_rank_figure(ordered), _cost_figure(ordered))
    return [paragraph(said, "note"), figures, _row_table(ordered)]


def _best_first(lines: Sequence[Line]) -> list[Line]:
    order = {
        id(row): place for place, row in enumerate(report.best_first(one.row for one in lines))
    }
    return sorted(lines, key=lambda line: order[id(line.row)])


def _rank_figure(lines: Sequence[Line]) -> Html:
    names = list(dict.fromkeys(line.row.predictor for line in lines))[:_FIGURE_NAMES]
    shown = [line for line in lines if line.row.predictor in names]
    points = [
        RankPoint(
            line.row.predictor,
            line.group,
            line.row.spearman,
            line.row.spearman_low,
            line.row.spearman_high,
            _told(line),
        )
        for line in _by_group(shown)
    ]
    published = {
        line.row.predictor: line.row.paper_spearman
        for line in shown
        if not math.isnan(line.row.paper_spearman)
    }
    ceiling = _mean([line.row.noise_ceiling for line in lines])
    keys = _group_keys(shown)
    keys += [("published", f"published ({SOURCE})")] if published else []
    keys += [] if math.isnan(ceiling) else [("ceiling", "noise ceiling")]
    is_mean = any(line.row.draws for line in lines)
    interval = "95 % interval of the mean over draws" if is_mean else "95 % bootstrap interval"
    is_one_run = not lines[0].run
    drawn = rank_chart(points, "Spearman’s rho", published, ceiling, groups_are_averaged=is_one_run)
    return figure(drawn, f"Rank correlation with {interval}, best first.", keys)


def _cost_figure(lines: Sequence[Line]) -> Html:
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.run, line.row.predictor), []).append(line)
    points = []
    for (run, name), some in groups.items():
        seconds = _mean([line.row.seconds_per_architecture for line in some])
        rho = _mean([line.row.spearman for line in some])
        told = "\n".join(
            filter(None, (name, run, f"rho {rho:.3f}", f"{report.seconds(seconds)} s a score"))
        )
        points.append(CostPoint(name, run, seconds, rho, told))
    devices = ", ".join(dict.fromkeys(line.row.device for line in lines))
    drawn = cost_chart(points, "seconds per architecture (logarithmic)", "Spearman’s rho")
    keys = _group_keys(lines) if lines[0].run else []
    return figure(drawn, f"What a score costs, on {devices}; mean over seeds.", keys)


def _row_table(lines: Sequence[Line]) -> Html:
    further = tuple(lines[0].row.metrics)
    several = bool(lines[0].run)
    printed = any(_is_published(line.row) for line in lines)
    header = (
        *("predictor", *(["run"] if several else []), "seed", "n", "failed", "no signal"),
        *("Spearman [95 %]", "Kendall", "top 10 %", *further, "s / arch."),
        *(["published rho", "published top 10 %"] if printed else []),
    )
    cells: list[list[Cell]] = [
        [
            line.row.predictor,
            *([line.run] if several else []),
            *(
                Number(count, str(count))
                for count in (line.row.seed, line.row.n, line.row.n_failed, line.row.n_no_signal)
            ),
            Number(line.row.spearman, report.spearman_cell(line.row)),
            Number(line.row.kendall, report.number(line.row.kendall)),
            Number(line.row.top10_retrieval, report.top10_cell(line.row)),
            *(_further(line.row.metrics, name) for name in further),
            Number(
                line.row.seconds_per_architecture, report.seconds(line.row.seconds_per_architecture)
            ),
            *(_published(line.row) if printed else []),
        ]
        for line in lines
    ]
    row = lines[0].row
    return table_html(Table(header, cells, f"predictors on {row.benchmark} {row.dataset}"))


def _further(metrics: Mapping[str, float], name: str) -> Number:
    value = metrics.get(name, math.nan)
    return Number(value, report.number(value))


def _is_published(row: Row) -> bool:
    return not (math.isnan(row.paper_spearman) and math.isnan(row.paper_top10))


def _published(row: Row) -> list[Number]:
    """Return the published figures, marked as figures mark them."""
    shown = (
        (row.paper_spearman, report.number(row.paper_spearman)),
        (row.paper_top10, report.percent(row.paper_top10)),
    )
    return [Number(one, "" if math.isnan(one) else f"◇ {text}") for one, text in shown]


def _told(line: Line) -> str:
    """Return what a pointer on a row's point tells."""
    row = line.row
    facts = (
        row.predictor + (f", {line.run}" if line.run else ""),
        f"rho {report.spearman_cell(row)}, tau {report.number(row.kendall)}",
        f"top 10 % retrieved: {report.top10_cell(row)}",
        f"n = {row.n}, seed {row.seed}, {row.n_failed} failed, {row.n_no_signal} without signal",
        f"{report.seconds(row.seconds_per_architecture)} s a score on {row.device}",
    )
    return "\n".join(facts)


def _by_group(lines: Sequence[Line]) -> list[Line]:
    """Return lines of each predictor in the order of their groups, so that colours stay."""
    groups = sorted({line.group for line in lines})
    names = list(dict.fromkeys(line.row.predictor for line in lines))
    return sorted(
        lines, key=lambda line: (names.index(line.row.predictor), groups.index(line.group))
    )


def _group_keys(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return the colours of the groups, nothing where there is one alone."""
    groups = sorted({line.group for line in lines})
    named = [(f"series{place % 6}", name) for place, name in enumerate(groups)]
    return named if len(groups) > 1 else []


def _measured(one: ScoredArchitecture) -> Number:
    own = in_own_unit(one.metric, one.value)
    return Number(own, "–" if math.isnan(own) else f"{own:.6g}")


def _places(
    architectures: Sequence[ScoredArchitecture],
) -> Mapping[tuple[str, int, str], Mapping[float, int]]:
    """Return the place of each score, 1 the best, by task, seed and predictor."""
    scores: dict[tuple[str, int, str], list[float]] = {}
    for one in architectures:
        for name, score in one.scores.items():
            if not math.isnan(score):
                scores.setdefault((one.task, one.seed, name), []).append(score)
    return {key: _place_of(some) for key, some in scores.items()}


def _place_of(scores: Sequence[float]) -> dict[float, int]:
    """Return the place of each score: 1 and how many are better."""
    places: dict[float, int] = {}
    for better, score in enumerate(sorted(scores, reverse=True)):
        places.setdefault(score, better + 1)
    return places


def _score(
    score: float,
    one: ScoredArchitecture,
    places: Mapping[tuple[str, int, str], Mapping[float, int]],
    name: str,
) -> Number:
    if math.isnan(score):
        return Number(math.nan, "–")
    return Number(score, f"{score:.4g} ({places[one.task, one.seed, name][score]})")


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else math.nan
