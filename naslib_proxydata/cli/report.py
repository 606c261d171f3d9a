"""``naslib-proxydata report``: the page of a run folder, or of several that it compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.telling import tell

if TYPE_CHECKING:
    from naslib_proxydata.assemble.report import Report


@click.command("report")
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="The page.  [DIR/report.html; comparison.html for several]",
)
@click.option(
    "--long",
    type=click.Path(path_type=Path),
    metavar="FILE.csv|FILE.parquet",
    help="Write every number of leaderboards, too: method, task, seed, metric, value.",
)
@json_option
def command(folders: tuple[Path, ...], out: Path | None, long: Path | None, as_json: bool) -> None:
    """Make the page of a run folder, or compare several leaderboards.

    The page is one file that needs no network. Of leaderboards it says which differences between
    predictors are significant, by a paired bootstrap over the architectures that all runs ranked.
    """
    from naslib_proxydata.assemble.report import make_report
    from naslib_proxydata.cli.interrupts import keeping

    with keeping(lambda: "run folders are as they were; the same command starts anew"):
        report = make_report(folders, out, long)
    if as_json:
        rows = [{"run": run, **row.plain()} for run, row in report.rows]
        tables = {"rows": rows, "differences": report.differences()}
        emit(tables, folder=folders[0] if len(folders) == 1 else None, notes=report.notes)
        return
    _show(report)


def _show(report: Report) -> None:
    """Print how many differences are significant, and where the page is."""
    for one in report.comparisons:
        benchmark, dataset, _ = one.task
        significant = sum(pair.is_significant for pair in one.pairs)
        told = f"{significant} of {len(one.pairs)} differences are significant (n = {one.n:,})"
        tell(f"{benchmark}: {dataset}: {one.note or told}")
    for note in report.notes:
        tell(note)
    tell(f"wrote {report.page}")
