"""``naslib-proxydata leaderboard``: rank predictors on measured benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import (
    executor_option,
    images_option,
    label_table_option,
    resolved_options,
    run_options,
    score_time_limit_option,
    table_options,
)

if TYPE_CHECKING:
    from rich.table import Table

    from naslib_proxydata.assemble.leaderboard import Leaderboard
    from naslib_proxydata.leaderboard.columns import MetricColumn
    from naslib_proxydata.leaderboard.rows import Row


@click.command("leaderboard")
@click.option("--benchmark", metavar="NAMES", help="Benchmarks, or csv:FILE of yours.  [nb201]")
@click.option("--space", metavar="NAME", help="The search space of csv:FILE.")
@click.option("--dataset", metavar="NAMES", help="Datasets (tasks), or columns.  [the first]")
@click.option("--suite", metavar="ITEMS", help="'paper', 'all', or benchmark:task,...")
@click.option("--metric", metavar="NAME", help="Metric to rank against.  [the dataset's default]")
@click.option("--metrics", metavar="NAMES", help="Further metrics as columns, such as ndcg.")
@click.option("--predictors", metavar="NAMES", help="Predictors, comma-separated.")
@click.option("--protocol", metavar="NAME", help="eproxy-paper: n, labels and draws as there.")
@click.option("--n", metavar="N|all", help="Architectures drawn at random.  [100]")
@click.option("--seed", metavar="SEEDS", help="Seeds, comma-separated.  [0]")
@click.option("--labels", type=int, metavar="N", help="Labelled architectures to learn from.  [0]")
@click.option("--draws", type=int, metavar="N", help="How often those are drawn.  [20]")
@label_table_option("Labelled architectures of your own to learn from, instead of draws.")
@table_options
@images_option
@score_time_limit_option
@executor_option
@run_options
@json_option
def command(
    config_file: Path | None, assignments: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Rank predictors on measured benchmarks.

    Scores are kept in the run folder as they arrive: running the same command again goes on
    where it stopped, or computes nothing.
    """
    from naslib_proxydata.assemble.leaderboard import run_leaderboard
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import LeaderboardConfig
    from naslib_proxydata.runs.kept import scores_kept

    config = resolved_options(LeaderboardConfig, config_file, assignments, **options)
    with keeping(lambda: scores_kept(config.out)), shown_progress() as progress:
        board = run_leaderboard(config, progress=progress)
    if as_json:
        _emit(board)
    else:
        _show(board)


def _emit(board: Leaderboard) -> None:
    """Print rows and what is absent as JSON."""
    from dataclasses import asdict

    from naslib_proxydata.leaderboard.report import notes

    tables = {"rows": board.to_dicts(), "absent": [asdict(gap) for gap in board.absent]}
    emit(tables, folder=board.folder, notes=notes(board.rows))


def _show(board: Leaderboard) -> None:
    """Print the tables, what is absent, and where the files are."""
    from naslib_proxydata.cli.progress import console
    from naslib_proxydata.errors import printable
    from naslib_proxydata.leaderboard.report import by_task, grouped, notes, tasks_by_predictor

    out = console()
    tasks = by_task(board.rows)
    if len(tasks) == 1:
        ((title, rows),) = tasks.items()
        title = f"{title}, {rows[0].metric}, {rows[0].cells} cells ({rows[0].label})"
        tables = {title: _task_lines(rows, board.columns)}
    else:
        tables = tasks_by_predictor(board.rows, board.columns, board.absent)
    for title, lines in tables.items():
        for part in _fitting(lines, out.width):
            out.print(_table(title, part))
    told = [f"absent: {gap.family}, {gap.listed}: {gap.reason}" for gap in grouped(board.absent)]
    for line in (*notes(board.rows), *told):
        out.print(printable(line), markup=False, highlight=False)
    out.print(f"{board.computed} scores computed now; the report is", highlight=False)
    report = printable(f"{board.folder}/summary.md")
    out.print(report, markup=False, highlight=False, soft_wrap=True)
    page = printable(f"its page is {board.folder}/report.html")
    out.print(page, markup=False, highlight=False, soft_wrap=True)


def _task_lines(rows: Sequence[Row], columns: Sequence[MetricColumn] = ()) -> list[tuple[str, ...]]:
    """Return header and lines of one task."""
    from naslib_proxydata.leaderboard import report

    header = (
        *("predictor", "seed", "n", "failed", "Spearman [95 %]", "Kendall", "top 10 %"),
        *(column.title for column in columns),
        "s/arch.",
    )
    lines = [
        (
            row.predictor,
            str(row.seed),
            str(row.n),
            str(row.n_failed),
            report.spearman_cell(row),
            report.number(row.kendall),
            report.top10_cell(row),
            *(report.metric_cell(row, column) for column in columns),
            report.seconds(row.seconds_per_architecture),
        )
        for row in report.best_first(rows)
    ]
    return [header, *lines]


def _fitting(lines: Sequence[Sequence[str]], width: int) -> Iterator[list[tuple[str, ...]]]:
    """Yield a table in parts that are no wider than the terminal, names of lines in each."""
    from rich.cells import cell_len

    between = 2
    names, *widths = (
        max(cell_len(cell) for cell in column) + between for column in zip(*lines, strict=True)
    )
    start, used = 1, names
    for place, needed in enumerate(widths, start=1):
        if used + needed > width and place > start:
            yield [(line[0], *line[start:place]) for line in lines]
            start, used = place, names
        used += needed
    yield [(line[0], *line[start:]) for line in lines]


def _table(title: str, lines: Sequence[Sequence[str]]) -> Table:
    """Return a table whose first line is the header and whose first column are names."""
    from rich import box
    from rich.table import Table

    from naslib_proxydata.cli.progress import cell_text

    table = Table(
        title=cell_text(title), box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0)
    )
    for index, name in enumerate(lines[0]):
        table.add_column(cell_text(name), justify="right" if index else "left", no_wrap=True)
    for line in lines[1:]:
        table.add_row(*(cell_text(cell) for cell in line))
    return table
