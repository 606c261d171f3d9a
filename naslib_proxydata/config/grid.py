"""From an experiment file to its rows: shared keys, scale, levels, the scale's, and ``--set``.

The later wins.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from naslib_proxydata.config.experiment import Change, ExperimentFile, Scale
from naslib_proxydata.errors import ConfigError, shown, unknown_name

QUICK = "quick"
"""The scale that is meant where none is named."""


@dataclass(frozen=True)
class PlannedRow:
    """One row of the table: a configuration that is searched with by every seed.

    Attributes:
        label: As the file has it; levels of a grid joined by a comma.
        levels: The level of each dimension of the grid.
        search: Keys of ``search``.
        select: Keys of ``select``, None where all examples are trained on.
        train: Keys of ``train``.
    """

    label: str
    search: Mapping[str, Any]
    select: Mapping[str, Any] | None = None
    train: Mapping[str, Any] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return folder_name(self.label)


def folder_name(label: str) -> str:
    """Return a label in lower case, with a hyphen for each run of what is no a-z, 0-9 or dot."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.")


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two configurations as one, in which ``above`` wins.

    Mappings are merged key by key. What is chosen by a name (a strategy, a pruner, a selector)
    comes whole from above where the name is another one, so that no option is left of the other.
    """
    return {
        **below,
        **{key: _one(key, below.get(key), value) for key, value in above.items()},
    }


def _one(key: str, below: Any, above: Any) -> Any:
    """Return one key's value of two configurations."""
    if key == "strategy":
        below, above = _strategies(below), _strategies(above)
    elif isinstance(below, str) and isinstance(above, Mapping):
        below = {"name": below}
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    others = set(below) != set(above) if key == "strategy" else _renamed(below, above)
    return above if others else merged(below, above)


def _strategies(value: Any) -> Any:
    """Return ``"a+b"`` as ``{a: {}, b: {}}``."""
    if isinstance(value, str):
        return {name.strip(): {} for name in value.replace(",", "+").split("+")}
    return value


def _renamed(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "name" in above and above["name"] != below.get("name")


def chosen_scale(file: ExperimentFile, name: str | None, where: str) -> Scale:
    """Return the scale that is asked for.

    Args:
        file: The experiment.
        name: Of the scale; ``quick``, or the only one, where None.
        where: What errors call the file.

    Raises:
        ConfigError: There is no such scale, or it is not clear which is meant.
    """
    if name is None and len(file.scales) <= 1:
        return next(iter(file.scales.values()), Scale())
    wanted = QUICK if name is None else name
    if wanted not in file.scales:
        raise ConfigError(unknown_name("scale", wanted, file.scales, where))
    return file.scales[wanted]


def planned_scores(
    file: ExperimentFile, scale: Scale, given: Mapping[str, Mapping[str, Any]], where: str
) -> dict[str, dict[str, Any]]:
    """Return the keys that each named scores are made with.

    Args:
        file: The experiment.
        scale: One of its scales.
        given: What the command line sets, over everything.
        where: What errors call the file.

    Raises:
        ConfigError: A name is of no scores of the file or names no folder, or no scorer is named.
    """
    planned: dict[str, dict[str, Any]] = {name: dict(keys) for name, keys in file.scores.items()}
    for change in (scale.scores, given):
        for name, keys in change.items():
            if name not in planned:
                raise ConfigError(unknown_name("scores", name, planned, where))
            planned[name] = merged(planned[name], keys)
    for name, keys in planned.items():
        if not name or folder_name(name) != name:
            raise ConfigError(
                f"{where}: scores {shown(name)} name their folder; take lower-case letters, "
                "digits, dots and hyphens"
            )
        if not keys.get("scorer"):
            raise ConfigError(
                f"{where}: scores {name!r} say not what scores; give a scorer, such as el2n"
            )
    return planned


def planned_rows(
    file: ExperimentFile, scale: Scale, given: Change, where: str
) -> tuple[PlannedRow, ...]:
    """Return all rows of an experiment.

    Args:
        file: The experiment.
        scale: One of its scales.
        given: What the command line sets, over everything.
        where: What errors call the file.

    Raises:
        ConfigError: There are no rows, or two have the same folder or the same configuration.
    """
    _refuse_other_levels(file, scale, where)
    rows = [
        _row(
            label,
            levels,
            (
                Change(search=file.search, select=file.select, train=file.train),
                scale,
                *changes,
                given,
            ),
        )
        for label, levels, changes in _labelled(file, scale)
    ]
    if not rows:
        raise ConfigError(f"{where} has no rows; give rows or grid")
    if given.select and all(row.select is None for row in rows):
        raise ConfigError(f"--set select...: no row of {where} makes a selection; leave it out")
    if _needs_pruner(given.search) and all(row.search.get("pruner") is None for row in rows):
        raise ConfigError(f"--set search.pruner...: no row of {where} has a pruner; name one")
    _refuse_twins(rows, where)
    if file.reference is not None and file.reference not in {row.label for row in rows}:
        raise ConfigError(
            "reference: " + unknown_name("row", file.reference, (r.label for r in rows), where)
        )
    return tuple(rows)


def _refuse_other_levels(file: ExperimentFile, scale: Scale, where: str) -> None:
    """Refuse what a scale changes of levels that the grid does not have."""
    for dimension, levels in scale.grid.items():
        if dimension not in file.grid:
            raise ConfigError(unknown_name("dimension", dimension, file.grid, f"{where}, scales"))
        for label in levels:
            if label not in file.grid[dimension]:
                place = f"{where}, scales, dimension {dimension!r}"
                raise ConfigError(unknown_name("level", label, file.grid[dimension], place))


def _labelled(
    file: ExperimentFile, scale: Scale
) -> Iterable[tuple[str, dict[str, str], tuple[Change, ...]]]:
    """Yield label, levels and changes of each row: the file's levels, then the scale's of them."""
    for label, change in file.rows.items():
        yield label, {}, (change,)
    if file.grid:
        for levels in itertools.product(*(levels.items() for levels in file.grid.values())):
            named = dict(zip(file.grid, (label for label, _ in levels), strict=True))
            own = [change for _, change in levels]
            scaled = [scale.grid.get(key, {}).get(label, Change()) for key, label in named.items()]
            yield ", ".join(named.values()), named, (*own, *scaled)


def _row(label: str, levels: Mapping[str, str], changes: Sequence[Change]) -> PlannedRow:
    search: dict[str, Any] = {}
    select: dict[str, Any] | None = None
    train: dict[str, Any] = {}
    for change in changes:
        added = change.search
        if change is changes[-1] and _needs_pruner(added) and search.get("pruner") is None:
            added = {key: value for key, value in added.items() if key != "pruner"}
        search = merged(search, added)
        if change.select is None:
            select = None
        elif change.select and (select is not None or change is not changes[-1]):
            select = merged(select or {}, change.select)  # what is set changes one, and makes none
        train = merged(train, change.train)
    return PlannedRow(label, search, select, train, levels)


def _needs_pruner(search: Mapping[str, Any]) -> bool:
    """Return whether options of a pruner are set, but not which; they change one, and make none."""
    pruner = search.get("pruner")
    return isinstance(pruner, Mapping) and "name" not in pruner


def _refuse_twins(rows: Sequence[PlannedRow], where: str) -> None:
    """Refuse rows that would share a folder, or that would be the same search."""
    for row in rows:
        if not row.folder:
            raise ConfigError(
                f"{where}: label {shown(row.label)} has neither a letter nor a digit of ASCII, "
                "which name its folder; choose another"
            )
    for one, other in itertools.combinations(rows, 2):
        if one.folder == other.folder:
            raise ConfigError(
                f"{where}: rows {shown(one.label)} and {shown(other.label)} would share the "
                f"folder {one.folder!r}; choose labels that differ in letters or digits"
            )
        if (one.search, one.select, one.train) == (other.search, other.select, other.train):
            raise ConfigError(
                f"{where}: rows {shown(one.label)} and {shown(other.label)} are the same search; "
                "let them differ, or take one out (a --set that replaces a strategy or pruner "
                "makes rows equal, too)"
            )


def wanted_rows(
    rows: Sequence[PlannedRow], wanted: Sequence[str], where: str
) -> tuple[PlannedRow, ...]:
    """Return the rows with these labels or folders, in their order; all where none is named.

    Labels of a grid hold commas themselves, so neighbours that make up a label count as one.

    Raises:
        ConfigError: There is no such row; the closest is named.
    """
    if not wanted:
        return tuple(rows)
    by_name = {row.folder: row for row in rows} | {row.label: row for row in rows}
    found: set[str] = set()
    place = 0
    while place < len(wanted):
        for end in range(len(wanted), place, -1):
            name = ", ".join(wanted[place:end])
            if name in by_name:
                found.add(by_name[name].label)
                place = end
                break
        else:
            raise ConfigError(
                unknown_name("row", wanted[place], (row.label for row in rows), where)
            )
    return tuple(row for row in rows if row.label in found)
