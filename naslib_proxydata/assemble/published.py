"""Published figures beside which an experiment's own stand: one CSV file for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from naslib_proxydata.errors import ConfigError, shown, unknown_name
from naslib_proxydata.text_table import read_rows

REQUIRED = ("experiment", "row", "dataset", "metric", "mean")
OPTIONAL = ("sd", "best", "n", "source")


@dataclass(frozen=True)
class PublishedFigure:
    """What a paper prints for one column of one row.

    Attributes:
        mean: As printed; None where only the best is.
        sd: Standard deviation, or None.
        best: The best of its runs, or None.
        n: How many runs, or None where it does not say.
        source: Where it is printed.
    """

    mean: float | None
    sd: float | None = None
    best: float | None = None
    n: int | None = None
    source: str = ""


Published = Mapping[tuple[str, str, str], PublishedFigure]
"""Figures by row, dataset and metric."""


def read_published(file: Path, experiment: str, rows: Mapping[str, str] | None = None) -> Published:
    """Read the published figures of one experiment.

    Args:
        file: CSV with the columns :data:`REQUIRED` and any of :data:`OPTIONAL`; others are not
            looked at, and an empty cell is not printed in the paper.
        experiment: Which lines of it.
        rows: By label, the row of the file that stands there under this label.

    Raises:
        ConfigError: The file cannot be read, lacks a column, the experiment or a row, holds a row
            twice, or a figure is no number.
    """
    lines = read_rows(file, error=ConfigError, what="the published figures")
    header = next(lines, (0, []))[1]
    lacking = [name for name in REQUIRED if name not in header]
    if lacking:
        raise ConfigError(
            f"{file}: expected the columns {', '.join(REQUIRED)}, {', '.join(lacking)} is missing "
            f"from {', '.join(header) or 'an empty file'}"
        )
    figures: dict[tuple[str, str, str], PublishedFigure] = {}
    experiments: set[str] = set()
    for number, fields in lines:
        where = f"{file}, line {number}"
        if len(fields) != len(header):
            raise ConfigError(f"{where}: expected {len(header)} fields, got {len(fields)}")
        line = dict(zip(header, fields, strict=True))
        experiments.add(line["experiment"])
        if line["experiment"] != experiment:
            continue
        key = line["row"], line["dataset"], line["metric"]
        if key in figures:
            raise ConfigError(f"{where}: {', '.join(key)} stands there already; leave one of them")
        runs = _number(line, "n", where)
        figures[key] = PublishedFigure(
            _number(line, "mean", where),
            _number(line, "sd", where),
            _number(line, "best", where),
            None if runs is None else int(runs),
            line.get("source", ""),
        )
    if not figures:
        raise ConfigError(unknown_name("experiment", experiment, experiments, str(file)))
    return _relabelled(figures, rows or {}, f"{file}, experiment {experiment!r}")


def _relabelled(figures: Published, rows: Mapping[str, str], where: str) -> Published:
    """Return the figures under the labels that an experiment has for them."""
    known = {row for row, *_ in figures}
    for published in rows.values():
        if published not in known:
            raise ConfigError("published.rows: " + unknown_name("row", published, known, where))
    renamed = {published: label for label, published in rows.items()}
    return {(renamed.get(row, row), *column): one for (row, *column), one in figures.items()}  # type: ignore[misc]


def _number(line: Mapping[str, str], column: str, where: str) -> float | None:
    text = line.get(column, "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f"{where}: {column} must be a number or empty, got {shown(text)}"
        ) from None
