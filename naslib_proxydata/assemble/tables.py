"""Tables as a configuration names them: found from any folder, and never changed unnoticed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.config.tables import ALL, TableFields
from naslib_proxydata.errors import ConfigError, TableAbsentError, unknown_name
from naslib_proxydata.tables.own import file_hash
from naslib_proxydata.tables.sources import OWN, own_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from naslib_proxydata.spaces.base import SearchSpace
    from naslib_proxydata.tables.base import BenchmarkTable


def settled(config: TableFields, sources: Sequence[str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the sources by absolute path, and the hashes of the user's own files.

    Args:
        config: Holds the hashes that a run has seen.
        sources: Names of benchmarks, or ``csv:FILE``.

    Returns:
        The sources, and ``{"table_sha256": ...}`` to update the configuration with.

    Raises:
        ConfigError: A file is not the one that the configuration has seen.
        TableAbsentError: A file is absent.
    """
    paths = {source: own_path(source) for source in sources}
    with boundary(", ".join(sources), TableAbsentError, "check the path"):  # a loop of links
        found = tuple(
            source if (path := paths[source]) is None else f"{OWN}{path.resolve()}"
            for source in sources
        )
    hashes = {}
    for source in found:
        path = own_path(source)
        if path is None:
            continue
        hashes[source] = file_hash(path)
        seen = (config.table_sha256 or {}).get(source, hashes[source])
        if seen != hashes[source]:
            raise ConfigError(
                f"{path} has changed since this configuration was written: its SHA-256 was "
                f"{seen}, and is {hashes[source]}; put the file back, or leave out table_sha256 "
                "and choose another --out"
            )
    return found, {"table_sha256": hashes or None}


def member(space: SearchSpace[Any], subset: str) -> Callable[[Any], bool]:
    """Return whether an architecture is in a named subset of its space.

    Raises:
        ConfigError: The space has no such subset; the closest is named.
    """
    if subset == ALL:
        return lambda architecture: True
    subsets = space.subsets()
    if subset not in subsets:
        known = (ALL, *subsets)
        raise ConfigError(unknown_name("cells", subset, known, f"search space {space.name!r}"))
    return subsets[subset].holds


def rows_of(table: BenchmarkTable, space: SearchSpace[Any], subset: str) -> NDArray[np.bool_]:
    """Return for each row of a table whether its architecture is in a subset, shape (n,).

    Raises:
        ConfigError: The space has no such subset, or the table has no architecture of it.
    """
    holds = member(space, subset)
    if subset == ALL:
        return np.ones(len(table), dtype=bool)
    inside = np.array([holds(space.parse(text)) for text in table.architectures()], dtype=bool)
    if not inside.any():
        raise ConfigError(
            f"none of the {len(table):,} architectures of {table.label} ({table.source}) is among "
            f"the {subset!r} cells of {space.name!r}"
        )
    return inside
