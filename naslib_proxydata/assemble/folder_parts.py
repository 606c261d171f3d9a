"""The parts of a page that any run folder has: its tables, figures, settings and environment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.opening import read_file
from naslib_proxydata.pages.markup import Html
from naslib_proxydata.pages.page import Section, facts, paragraph, picture
from naslib_proxydata.pages.table import MOST_LINES, Cell, Number, Table, as_number, table_html
from naslib_proxydata.runs.folder import CONFIG, PLOTS, flat
from naslib_proxydata.runs.tables import ADVICE, read_table
from naslib_proxydata.yaml_text import read_yaml_file

MOST_PICTURES = 6_000_000
"""Bytes of figures that are put into a page; further ones are named."""


def config_of(folder: Path) -> Mapping[str, Any]:
    """Return the configuration of a run folder.

    Raises:
        RunFolderError: It is no run folder, or the file is damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        what = "holds no config.yaml" if folder.is_dir() else "is no folder"
        raise RunFolderError(
            f"{folder} {what}, so it is no run folder; give what a command was told by --out"
        )
    try:
        config = read_yaml_file(path, most=2**20)
    except ConfigError as error:
        raise RunFolderError(str(error)) from error
    return config if isinstance(config, dict) else {}


def json_of(path: Path) -> Any:
    """Return a JSON file's content, None where there is none.

    Raises:
        RunFolderError: It is damaged.
    """
    if not path.is_file():
        return None
    content = read_file(path, RunFolderError, ADVICE)
    with boundary(path, RunFolderError, ADVICE):
        return json.loads(content)


def env_of(folder: Path) -> Mapping[str, Any]:
    """Return where a run ran, as an earlier version may not have written it."""
    env = json_of(folder / "env.json")
    return env if isinstance(env, dict) else {}


def csv_part(path: Path, name: str) -> list[Html]:
    """Return a CSV file of the folder as a table; nothing where there is none."""
    if not path.is_file():
        return []
    lines: list[list[str]] = []
    header: Sequence[str] = ()
    count = 0
    for line in read_table(path):
        header, count = tuple(line), count + 1
        if count <= MOST_LINES:
            lines.append(list(line.values()))
    return _table(header, lines, name, count, path.name)


def records_part(records: Any, name: str, file: str) -> list[Html]:
    """Return a list of records as a table, without what is itself a list."""
    if not isinstance(records, list):
        return []
    plain = [_plain(one) for one in records if isinstance(one, dict)]
    header = list(dict.fromkeys(key for one in plain for key in one))
    lines = [[one.get(key, "") for key in header] for one in plain[:MOST_LINES]]
    return _table(header, lines, name, len(plain), file)


def facts_part(values: Mapping[str, Any]) -> Html:
    """Return settings or facts, nested ones joined by dots."""
    return facts([(key, told(value)) for key, value in flat(dict(values)).items()])


def pictures_part(folder: Path) -> list[Html]:
    """Return the figures of a folder, as many as a page may carry, and the names of the others."""
    found: list[Html] = []
    used, left_out = 0, []
    for path in sorted((folder / PLOTS).glob("*.png")):
        name = f"{PLOTS}/{path.name}"
        size = path.stat().st_size
        if used + size > MOST_PICTURES:
            left_out.append(name)
            continue
        used += size
        found.append(picture(read_file(path, RunFolderError, ADVICE), name))
    if left_out:
        found.append(paragraph(f"Not shown, in the run folder: {', '.join(left_out)}.", "note"))
    return found


def about_sections(config: Mapping[str, Any], env: Mapping[str, Any]) -> list[Section]:
    """Return settings and environment, to be opened."""
    sections = [Section("Settings", [facts_part(config)], is_folded=True)]
    if env:
        sections.append(Section("Environment", [facts_part(env)], is_folded=True))
    else:
        said = paragraph("The run folder holds no env.json, which earlier versions did not write.")
        sections.append(Section("Environment", [said], is_folded=True))
    return sections


def made_by(env: Mapping[str, Any]) -> str:
    """Return a sentence on what made a run, and where, as far as it is known."""
    packages = env.get("packages")
    known = packages if isinstance(packages, dict) else {}
    facts = [
        f"naslib-proxydata {known.get('naslib-proxydata', '(version not known)')}",
        *(f"{name} {known[name]}" for name in ("torch", "numpy") if name in known),
        *([f"Python {env['python']}"] if "python" in env else []),
        *([f"{env['device']} ({env.get('device_name', '')})"] if "device" in env else []),
    ]
    return f"Made by {', '.join(facts)}."


def told(value: Any) -> str:
    """Return a plain value as a page shows it."""
    if value is None or value in ([], {}, ""):
        return "–"
    if isinstance(value, list):
        return ", ".join(map(told, value))
    return json.dumps(value) if isinstance(value, dict | bool) else str(value)


def _plain(record: Mapping[str, Any]) -> dict[str, Cell]:
    """Return what of a record is a number or a text."""
    return {
        key: _cell(value)
        for key, value in flat(dict(record)).items()
        if not isinstance(value, list | dict)
    }


def _cell(value: Any) -> Cell:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Number(math.nan, "–") if value is None else str(value)
    return Number(float(value), f"{value:.6g}" if isinstance(value, float) else str(value))


def _table(
    header: Sequence[str],
    lines: Iterable[Sequence[Cell]],
    name: str,
    count: int,
    file: str,
) -> list[Html]:
    if not count:
        return []
    cells = [[_shortened(one) for one in line] for line in lines]
    said = (
        f"The first {MOST_LINES:,} of {count:,} lines are shown; {file} in the run folder has all."
        if count > MOST_LINES
        else ""
    )
    return [table_html(Table(header, cells, name, said))]


def _shortened(cell: Cell) -> Cell:
    """Return a cell of a CSV file as a page shows it: numbers to six digits."""
    if not isinstance(cell, str):
        return cell
    try:
        value = float(cell)
    except ValueError:
        return as_number(cell) if not cell.strip() else cell
    exact = len(cell) <= 9 or not math.isfinite(value)
    return Number(value, cell if exact else f"{value:.6g}")
