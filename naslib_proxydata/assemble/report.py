"""The page of one run folder, or of several that it compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naslib_proxydata.assemble.folder_parts import config_of, env_of, facts_part, made_by, told
from naslib_proxydata.assemble.pages import REPORT, kind_of, page_of
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.files import check_writable, expanded, write_text
from naslib_proxydata.leaderboard.architectures import ARCHITECTURES, read_architectures
from naslib_proxydata.leaderboard.comparison import Comparison, compare, compared_run
from naslib_proxydata.leaderboard.difference_page import difference_sections
from naslib_proxydata.leaderboard.long_form import Result, long_csv, long_results
from naslib_proxydata.leaderboard.page import Line, notes_section, task_sections
from naslib_proxydata.leaderboard.parquet import check_parquet, write_parquet
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.leaderboard.stored import SUMMARY, read_rows
from naslib_proxydata.pages.page import Page, Section, page_html, paragraph
from naslib_proxydata.pages.table import Cell, Number, Table, table_html
from naslib_proxydata.runs.folder import flat

COMPARISON = Path("comparison.html")
"""Where several runs are compared, in the working folder."""


@dataclass(frozen=True)
class StoredBoard:
    """A leaderboard that lies in its folder.

    Attributes:
        name: What the reader calls it.
        folder: Where it is.
        config: Its configuration.
        env: Where it ran.
        rows: Its rows.
    """

    name: str
    folder: Path
    config: Mapping[str, Any]
    env: Mapping[str, Any]
    rows: Sequence[Row]

    @property
    def why_not(self) -> str:
        """Why its differences cannot be told; empty where they can."""
        if any(row.draws for row in self.rows):
            return "its rows are means over draws of labels, of which only the first is kept"
        if not (self.folder / ARCHITECTURES).is_file():
            return (
                f"it holds no {ARCHITECTURES}, which earlier versions did not write; the same "
                "command writes it, and computes no score anew"
            )
        return ""


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        page: The page.
        comparisons: Which differences are significant, by task.
        rows: Name of the run and row, of all leaderboards.
        notes: What could not be compared, and why.
    """

    page: Path
    comparisons: tuple[Comparison, ...]
    rows: tuple[tuple[str, Row], ...]
    notes: tuple[str, ...]

    def differences(self) -> list[dict[str, Any]]:
        """Return all pairs of all tasks as dicts of plain values."""
        return [
            {
                "benchmark": one.task[0],
                "dataset": one.task[1],
                "metric": one.task[2],
                "n": one.n,
                "seeds": one.seeds,
                "resamples": one.resamples,
                "higher": pair.first,
                "lower": pair.second,
                "spearman": pair.rho,
                "spearman_of_lower": pair.other_rho,
                "difference": pair.difference.value,
                "difference_low": pair.difference.low,
                "difference_high": pair.difference.high,
                "p_value": pair.difference.p_value,
                "p_adjusted": pair.adjusted,
                "significant": pair.is_significant,
            }
            for one in self.comparisons
            for pair in one.pairs
        ]


def make_report(
    folders: Sequence[Path], out: Path | None = None, long: Path | None = None
) -> Report:
    """Write the page of a run folder, or one that compares several leaderboards.

    Args:
        folders: Run folders. Several must be of leaderboards.
        out: The page; by default ``report.html`` in the folder, and ``comparison.html`` in the
            working folder for several.
        long: A ``.csv`` or ``.parquet`` file for every number of the leaderboards, a line each.

    Raises:
        ConfigError: A folder is named twice, several are not all leaderboards, or the file for
            numbers is neither.
        FileError: A file cannot be written.
        RunFolderError: A folder is none of a run, holds no results, or a file in it is damaged.
    """
    whole = [expanded(folder) for folder in folders]
    kinds = _checked(whole, long)
    page = whole[0] / REPORT if len(whole) == 1 else COMPARISON
    page = page if out is None else expanded(out)
    check_writable(page.parent)
    boards = _boards(whole) if set(kinds) == {"leaderboard"} else []
    comparisons, notes = _compared(boards)
    if len(whole) == 1:
        sections = [*difference_sections(comparisons), *_notes(notes)]
        made = page_of(whole[0], sections)
    else:
        made = _page(boards, comparisons, notes)
    write_text(page, page_html(made))
    if long is not None:
        _write_long(expanded(long), boards)
    rows = tuple((board.name, row) for board in boards for row in board.rows)
    return Report(page, tuple(comparisons), rows, tuple(notes))


def _checked(folders: Sequence[Path], long: Path | None) -> list[str]:
    """Return the command of each folder, after what does not go together was refused."""
    for folder in folders:
        config_of(folder)
    whole = [folder.resolve() for folder in folders]
    if len(set(whole)) < len(whole):
        raise ConfigError("a run folder is named twice; name each of them once")
    kinds = [kind_of(folder).command for folder in folders]
    for folder, kind in zip(folders, kinds, strict=True):
        if kind != "leaderboard" and (len(folders) > 1 or long is not None):
            doing = "compared" if len(folders) > 1 else "written as one long table"
            raise ConfigError(
                f"only leaderboards can be {doing}, and {folder} is of '{kind}'; give it alone, "
                "which makes its page"
            )
    if long is not None and long.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"the long table is a .csv or a .parquet file, got {long}; name one")
    if long is not None and long.suffix == ".parquet":
        check_parquet()
    return kinds


def _boards(folders: Sequence[Path]) -> list[StoredBoard]:
    """Return the leaderboards, by the names of their folders where these differ."""
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    return [
        StoredBoard(name, folder, config_of(folder), env_of(folder), read_rows(folder / SUMMARY))
        for name, folder in zip(names, folders, strict=True)
    ]


def _compared(boards: Sequence[StoredBoard]) -> tuple[list[Comparison], list[str]]:
    """Compare what can be, and say what cannot."""
    notes = [f"{one.name} is not compared: {one.why_not}." for one in boards if one.why_not]
    runs = [
        compared_run(one.name, read_architectures(one.folder / ARCHITECTURES))
        for one in boards
        if not one.why_not
    ]
    if not runs or (len(boards) > 1 and len(runs) < 2):
        return [], notes
    found = compare(runs)
    if not found:
        notes.append("The runs have no task in common, so none of them is compared.")
    return found, notes


def _write_long(path: Path, boards: Sequence[StoredBoard]) -> None:
    """Write every number; where there are several runs a method is a predictor of one of them."""
    several = len(boards) > 1
    results: list[Result] = [
        one._replace(method=f"{one.method} ({board.name})") if several else one
        for board in boards
        for one in long_results(board.rows)
    ]
    if path.suffix == ".parquet":
        write_parquet(path, results)
    else:
        write_text(path, long_csv(results))


def _notes(notes: Sequence[str]) -> list[Section]:
    return [Section("Not compared", [paragraph(note) for note in notes])] if notes else []


def _page(
    boards: Sequence[StoredBoard], comparisons: Sequence[Comparison], notes: Sequence[str]
) -> Page:
    lines = [Line(board.name, row) for board in boards for row in board.rows]
    rows = [line.row for line in lines]
    sections = [
        Section("Runs", [table_html(_runs(boards)), *_differing(boards)]),
        *difference_sections(comparisons),
        *_notes(notes),
        *task_sections(lines),
        notes_section(rows),
        *(
            Section(f"Settings of {board.name}", [facts_part(board.config)], is_folded=True)
            for board in boards
        ),
    ]
    lead = f"{len(boards)} runs: {', '.join(board.name for board in boards)}."
    return Page("Comparison", lead, sections, made_by(boards[0].env))


def _runs(boards: Sequence[StoredBoard]) -> Table:
    header = ("run", "predictors", "n", "seeds", "device", "version")
    lines: list[list[Cell]] = []
    for board in boards:
        packages = board.env.get("packages")
        known = packages if isinstance(packages, dict) else {}
        count = len({row.predictor for row in board.rows})
        lines.append(
            [
                board.name,
                Number(count, str(count)),
                told(board.config.get("n")),
                told(board.config.get("seed")),
                told(board.env.get("device_name")),
                told(known.get("naslib-proxydata")),
            ]
        )
    return Table(header, lines, "runs")


def _differing(boards: Sequence[StoredBoard]) -> list[Any]:
    """Return a table of the settings that are not the same in all runs."""
    settings = [flat(dict(board.config)) for board in boards]
    keys = dict.fromkeys(key for one in settings for key in one)
    lines = [
        [key, *(told(one.get(key)) for one in settings)]
        for key in keys
        if key != "out" and len({told(one.get(key)) for one in settings}) > 1
    ]
    if not lines:
        return [paragraph("All settings are the same.")]
    header = ("setting that differs", *(board.name for board in boards))
    return [table_html(Table(header, lines, "settings that differ"))]
