"""The page of a run folder: ``report.html``, made from the files that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from naslib_proxydata.assemble.folder_parts import (
    about_sections,
    config_of,
    csv_part,
    env_of,
    facts_part,
    json_of,
    made_by,
    pictures_part,
    records_part,
)
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.leaderboard.architectures import ARCHITECTURES, read_architectures
from naslib_proxydata.leaderboard.page import (
    Line,
    all_tasks_section,
    architecture_section,
    best_architectures,
    notes_section,
    task_sections,
)
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.leaderboard.stored import SUMMARY, read_rows
from naslib_proxydata.opening import read_file
from naslib_proxydata.pages.markup import Html
from naslib_proxydata.pages.page import Page, Section, page_html, paragraph
from naslib_proxydata.pages.table import Table, table_html
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.tables import ADVICE, read_table

REPORT = "report.html"
ABSENT = "absent.csv"
"""What of a leaderboard was asked for and could not be had."""


class Kind(NamedTuple):
    """What one command leaves in its folder.

    Attributes:
        command: Its name.
        marker: The file by which its folder is known.
        tables: CSV files with what they are called, in their order.
    """

    command: str
    marker: str
    tables: tuple[tuple[str, str], ...] = ()


KINDS = (
    Kind("leaderboard", SUMMARY),
    Kind(
        "experiment",
        "table.csv",
        (
            ("table.csv", "Rows"),
            ("summarised.csv", "Summarised"),
            ("results.csv", "Searches"),
        ),
    ),
    Kind(
        "train",
        "accuracies.csv",
        (("accuracies.csv", "Accuracies"), ("results.csv", "Trainings")),
    ),
    Kind("evolve", "history.csv", (("front.csv", "Front"), ("history.csv", "History"))),
    Kind("dps", "best.yaml"),
    Kind("search", "history.json"),
    Kind("select", "selection.npz"),
)
"""In the order in which a folder is asked, since dps, too, has a ``history.json``."""


def write_page(folder: RunFolder) -> None:
    """Write ``report.html`` of an open run folder, whose other files are all written.

    Raises:
        RunFolderError: It cannot be written, or a file was damaged meanwhile.
    """
    folder.write(REPORT, page_html(page_of(folder.path)))


def kind_of(folder: Path) -> Kind:
    """Return of which command a run folder is.

    Raises:
        RunFolderError: It holds no results.
    """
    for kind in KINDS:
        if (folder / kind.marker).is_file():
            return kind
    raise RunFolderError(
        f"{folder} holds a configuration and no results yet; run its command again, which goes on "
        f"where it stopped: naslib-proxydata COMMAND --config {folder}/config.yaml"
    )


def page_of(folder: Path, further: Sequence[Section] = ()) -> Page:
    """Return the page of a run folder.

    Files that an earlier version did not write are left out.

    Args:
        folder: Of a run of any command.
        further: Sections behind the results.

    Raises:
        RunFolderError: It is no run folder, holds no results, or a file in it is damaged.
    """
    config, env = config_of(folder), env_of(folder)
    kind = kind_of(folder)
    sections = _leaderboard(folder) if kind.command == "leaderboard" else _other(folder, kind)
    title, lead = _heading(folder, kind, config)
    about = about_sections(config, env)
    return Page(title, lead, [*sections, *further, *about], made_by(env))


def absent_of(folder: Path) -> list[Absent]:
    """Return what a leaderboard lacks; nothing where an earlier version did not write it."""
    if not (folder / ABSENT).is_file():
        return []
    return [
        Absent(*(line.get(name, "") for name in Absent.__dataclass_fields__))
        for line in read_table(folder / ABSENT)
    ]


def _leaderboard(folder: Path) -> list[Section]:
    rows = read_rows(folder / SUMMARY)
    absent = absent_of(folder)
    sections = task_sections([Line("", row) for row in rows])
    sections += all_tasks_section(rows, absent)
    sections += _architectures(folder, rows)
    if absent:
        lines = [(one.family or one.benchmark, one.dataset or "all", one.reason) for one in absent]
        table = Table(("benchmark", "dataset", "why"), lines, "what is absent")
        sections.append(Section("Absent", [table_html(table)]))
    return [*sections, notes_section(rows)]


def _architectures(folder: Path, rows: Sequence[Any]) -> list[Section]:
    if not (folder / ARCHITECTURES).is_file():
        said = (
            f"The run folder holds no {ARCHITECTURES}, which earlier versions did not write; the "
            "same command writes it, and computes no score anew."
        )
        return [Section("Architectures", [paragraph(said)])]
    found, count = best_architectures(read_architectures(folder / ARCHITECTURES))
    return [architecture_section(found, count, rows)] if found else []


def _other(folder: Path, kind: Kind) -> list[Section]:
    """Return what the folder of any other command has to show."""
    result = json_of(folder / "result.json")
    result = result if isinstance(result, dict) else {}
    history = json_of(folder / "history.json")
    parts = [
        ("Found", _found(result)),
        *((title, csv_part(folder / file, title)) for file, title in kind.tables[:1]),
        ("Figures", pictures_part(folder)),
        *((title, csv_part(folder / file, title)) for file, title in kind.tables[1:]),
        *_records(result),
        ("History", records_part(history, "History", "history.json")),
    ]
    sections = [Section(title, part) for title, part in parts if part]
    facts = {key: one for key, one in result.items() if not isinstance(one, list)}
    return [*sections, *([Section("Facts", [facts_part(facts)], is_folded=True)] if facts else [])]


def _found(result: Mapping[str, Any]) -> list[Html]:
    """Return what a search has found, of the facts of its ``result.json``."""
    found = {key: result[key] for key in ("cell", "best") if key in result}
    return [facts_part(found)] if found else []


def _records(result: Mapping[str, Any]) -> list[tuple[str, list[Html]]]:
    """Return the lists of records of a ``result.json`` as tables, with their titles."""
    return [
        (key.replace("_", " ").capitalize(), records_part(one, key, "result.json"))
        for key, one in result.items()
        if isinstance(one, list)
    ]


def _heading(folder: Path, kind: Kind, config: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and lead: those of ``summary.md`` where it has them."""
    name = folder.resolve().name
    fallback = f"{kind.command.capitalize()} in {name}"
    if kind.command == "leaderboard" or not (folder / "summary.md").is_file():
        return ("Leaderboard" if kind.command == "leaderboard" else fallback), _lead(name, config)
    text = read_file(folder / "summary.md", RunFolderError, ADVICE).decode(errors="replace")
    title, _, rest = text.partition("\n")
    first = rest.strip().partition("\n\n")[0]
    said = " ".join(first.split()).rstrip(":.")
    return title.lstrip("# ").strip() or fallback, f"{said}. Run folder: {name}."


def _lead(name: str, config: Mapping[str, Any]) -> str:
    seeds = config.get("seed", 0)
    told = ", ".join(map(str, seeds)) if isinstance(seeds, list) else str(seeds)
    n = f"n = {config['n']}, " if "n" in config else ""
    return f"Run folder {name}: {n}seed {told}."
