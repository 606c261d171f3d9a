"""The files that an experiment ends in: results, table, report and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.experiment_figures import experiment_figures
from naslib_proxydata.assemble.outcomes import Outcome, RowSummary, Statistic, csv_text, summarised
from naslib_proxydata.assemble.published import Published, PublishedFigure
from naslib_proxydata.config import ExperimentFile
from naslib_proxydata.config.experiment import Column
from naslib_proxydata.markdown import markdown_table, one_line
from naslib_proxydata.runs.environment import provenance
from naslib_proxydata.runs.folder import RunFolder

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.supernets.base import Supernet

HOW_TO_READ = """\
Values are means over the searches of a row, the sample standard deviation (n - 1) in brackets, and
the best; n is the number of values. Published figures are the paper's own, on its data and at its
scale. Examples are those that went through the network, both levels together; the share of full is
what was left of those that as many epochs without pruning would have taken. Seconds are wall-clock.
A dash is what is not defined or not known."""


def write_report(
    folder: RunFolder,
    file: ExperimentFile,
    outcomes: Sequence[Outcome],
    rows: Sequence[RowSummary],
    published: Published,
    env: Mapping[str, Any],
    supernet_of: Callable[[str], Supernet],
) -> None:
    """Write ``table.csv``, ``summarised.csv``, figures and ``summary.md``.

    Args:
        folder: Open.
        file: The experiment.
        outcomes: All searches.
        rows: The lines of the table.
        published: The paper's figures.
        env: See :func:`naslib_proxydata.runs.environment.environment`.
        supernet_of: Returns a network of a row's space.
    """
    columns = file.columns
    folder.write("table.csv", csv_text(table_lines(rows, columns, published, file.reference)))
    over: list[RowSummary] = []
    if file.summarise is not None:
        by = file.summarise.by
        over = summarised(outcomes, columns, lambda one: one.levels[by])
        folder.write("summarised.csv", csv_text(table_lines(over, columns, published, None)))
    figures = experiment_figures(file, outcomes, supernet_of)
    plots = [folder.draw(name, figure) for name, figure in figures.items()]
    folder.write("summary.md", summary(file, outcomes, rows, over, published, env, plots))


def table_lines(
    rows: Sequence[RowSummary],
    columns: Sequence[Column],
    published: Published,
    reference: str | None,
) -> list[dict[str, Any]]:
    """Return the lines of ``table.csv``; rows that are only published come last.

    Args:
        rows: Our own.
        columns: What was looked up.
        published: The paper's figures.
        reference: The row of whose cost the others' are a share.
    """
    base = next((row for row in rows if row.label == reference), None)
    lines = []
    for row in [*rows, *_only_published(rows, columns, published)]:
        line: dict[str, Any] = {"row": row.label, "searches": row.searches, "failed": row.failed}
        for column in columns:
            line |= _cells(column, row.statistics[column.name], _figure(published, row, column))
        for column in printed_only(rows, columns, published):
            line |= _printed_cells(column, _figure(published, row, column))
        line |= {
            "seconds": row.seconds,
            "examples_processed": row.processed,
            "share_of_full_examples": row.share,
        }
        if base is not None:
            seconds, examples = _of_reference(row, base)
            line |= {"seconds_of_reference": seconds, "examples_of_reference": examples}
        lines.append(line)
    return lines


def _of_reference(row: RowSummary, base: RowSummary) -> tuple[float, float]:
    """Return a row's seconds and examples processed as shares of the reference's."""
    seconds = row.seconds / base.seconds if base.seconds else math.nan
    return seconds, row.processed / base.processed


def _cells(column: Column, own: Statistic, printed: PublishedFigure | None) -> dict[str, Any]:
    name = column.name
    return {
        f"{name} mean": own.mean,
        f"{name} sd": own.sd,
        f"{name} best": own.best,
        f"{name} n": own.n,
        f"{name} lacking": own.lacking,
        **_printed_cells(column, printed),
    }


def _printed_cells(column: Column, printed: PublishedFigure | None) -> dict[str, Any]:
    name = column.name
    return {
        f"{name} published mean": printed and printed.mean,
        f"{name} published sd": printed and printed.sd,
        f"{name} published best": printed and printed.best,
        f"{name} published n": printed and printed.n,
        f"{name} published source": printed and printed.source,
    }


def _figure(published: Published, row: RowSummary, column: Column) -> PublishedFigure | None:
    return published.get((row.label, *column.published))


def printed_only(
    rows: Sequence[RowSummary], columns: Sequence[Column], published: Published
) -> tuple[Column, ...]:
    """Return what is published for our rows and no table can be asked for: costs, trainings."""
    own = {row.label for row in rows}
    pairs = dict.fromkeys(tuple(column) for row, *column in published if row in own)
    found = (Column(dataset=dataset, metric=metric) for dataset, metric in pairs)
    shown = {column.published for column in columns}
    return tuple(column for column in found if column.published not in shown)


def _only_published(
    rows: Sequence[RowSummary], columns: Sequence[Column], published: Published
) -> list[RowSummary]:
    """Return empty lines for rows of the paper that the experiment does not have."""
    shown = {column.published for column in (*columns, *printed_only(rows, columns, published))}
    own = {row.label for row in rows}
    labels = dict.fromkeys(
        row for row, *column in published if row not in own and tuple(column) in shown
    )
    nothing = Statistic(math.nan, math.nan, math.nan, 0)
    empty = {column.name: nothing for column in columns}
    return [RowSummary(label, 0, 0, empty, math.nan, math.nan, math.nan) for label in labels]


def summary(
    file: ExperimentFile,
    outcomes: Sequence[Outcome],
    rows: Sequence[RowSummary],
    over: Sequence[RowSummary],
    published: Published,
    env: Mapping[str, Any],
    plots: Sequence[str],
) -> str:
    """Return the report.

    Args:
        file: The experiment.
        outcomes: All searches.
        rows: The lines of the table.
        over: The lines of the further table over one dimension.
        published: The paper's figures.
        env: Where it ran.
        plots: Names of the figures within the folder.
    """
    parts = [one_line(f"# {file.title or 'Experiment'}")]
    if file.source:
        parts.append(one_line(f"Published in {file.source}."))
    if over and file.summarise is not None:
        # What is published is the further table, where it has the labels of that.
        parts.append(one_line(f"## By {file.summarise.by}"))
        parts.append(_tables(over, file.columns, published))
        parts.append("## Rows")
        published = {key: one for key, one in published.items() if key[0] in _labels(rows)}
    parts += [_tables(rows, file.columns, published), _cost_table(rows, file.reference)]
    parts += [_lacking(rows, file.columns), _failures(outcomes), file.notes, HOW_TO_READ]
    parts += [_sources(published), one_line(provenance(env))]
    parts += [f"![{name}]({name})" for name in plots]
    return "\n\n".join(part for part in parts if part) + "\n"


def _labels(rows: Sequence[RowSummary]) -> set[str]:
    return {row.label for row in rows}


def _tables(rows: Sequence[RowSummary], columns: Sequence[Column], published: Published) -> str:
    """Return a table for each metric, narrow enough to read: our values and the paper's beside."""
    shown = [*rows, *_only_published(rows, columns, published)]
    parts = []
    for column in columns:
        printed = any(key[1:] == column.published for key in published)
        header = ["row", "mean (sd)", *(["published"] if printed else []), "best", "n"]
        lines = []
        for row in shown:
            own, paper = row.statistics[column.name], _printed(_figure(published, row, column))
            beside = [paper] if printed else []
            value = _mean_and_sd(own.mean, own.sd)
            lines.append([row.label, value, *beside, _number(own.best), str(own.n)])
        parts.append(f"**{one_line(column.name)}**\n\n{markdown_table(header, lines)}")
    for column in printed_only(rows, columns, published):
        printed_lines = [[row.label, _printed(_figure(published, row, column))] for row in shown]
        name = one_line(f"{column.name.strip()}, only published")
        parts.append(f"**{name}**\n\n{markdown_table(['row', 'published'], printed_lines)}")
    if not parts:
        parts.append(markdown_table(["row", "n"], [[row.label, str(row.searches)] for row in rows]))
    return "\n\n".join(parts)


def _printed(figure: PublishedFigure | None) -> str:
    if figure is None:
        return "-"
    mean = math.nan if figure.mean is None else figure.mean
    sd = math.nan if figure.sd is None else figure.sd
    best = "" if figure.best is None else f", best {figure.best:.2f}"
    runs = "" if figure.n is None else f", n = {figure.n}"
    return f"{_mean_and_sd(mean, sd)}{best}{runs}"


def _cost_table(rows: Sequence[RowSummary], reference: str | None) -> str:
    header = ["row", "seconds", "examples processed", "share of full"]
    base = next((row for row in rows if row.label == reference), None)
    if base is not None:
        header += [f"seconds / {base.label}", f"examples / {base.label}"]
    lines = []
    for row in rows:
        whole = "-" if math.isnan(row.processed) else f"{row.processed:,.0f}"
        line = [row.label, _number(row.seconds, 1), whole, _number(row.share, 3)]
        if base is not None:
            line += [_number(share, 3) for share in _of_reference(row, base)]
        lines.append(line)
    return "## Cost of a search\n\n" + markdown_table(header, lines)


def _lacking(rows: Sequence[RowSummary], columns: Sequence[Column]) -> str:
    """Return how many cells the tables lack."""
    return "\n".join(
        one_line(
            f"- {row.label}, {column.name}: the table lacks "
            f"{row.statistics[column.name].lacking} of the {row.searches} found cells."
        )
        for row in rows
        for column in columns
        if row.statistics[column.name].lacking
    )


def _failures(outcomes: Sequence[Outcome]) -> str:
    return "\n".join(
        one_line(f"- {one.row}, seed {one.seed} failed: {one.reason}")
        for one in outcomes
        if one.reason
    )


def _sources(published: Published) -> str:
    sources = dict.fromkeys(figure.source for figure in published.values() if figure.source)
    return one_line(f"Published figures: {'; '.join(sources)}.") if sources else ""


def _mean_and_sd(mean: float, sd: float) -> str:
    return _number(mean) if math.isnan(sd) else f"{_number(mean)} ({_number(sd)})"


def _number(value: float, digits: int = 2) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
