"""From the text a user writes, such as ``nb201`` or ``csv:FILE``, to a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.files import expanded
from naslib_proxydata.tables.own import read_own

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.tables.base import BenchmarkTable

OWN: Final = "csv:"
"""What stands before the path of a table of the user's own."""


def own_path(source: str) -> Path | None:
    """Return the path in ``csv:FILE``, or None where the source is the name of a benchmark."""
    return expanded(source.removeprefix(OWN)) if source.startswith(OWN) else None


def written(table: BenchmarkTable) -> str:
    """Return a table as a user writes it: its name, or ``csv:FILE``."""
    return f"{OWN}{table.source}" if table.name.startswith(OWN) else table.name


def open_table(
    source: str,
    plugins: Plugins,
    *,
    root: Path | None = None,
    space: str | None = None,
    lower_is_better: Collection[str] = (),
) -> BenchmarkTable:
    """Open a table by what a user writes.

    Args:
        source: The name of a registered benchmark, or ``csv:FILE``.
        plugins: Where benchmarks and spaces are registered.
        root: Folder of the files of registered benchmarks.
        space: Name of the search space: that of the architectures in the file; a registered
            benchmark has its own, and may have no other.
        lower_is_better: The columns of a file whose lowest values are the best.

    Raises:
        ConfigError: A name is unknown, a file comes without a space, or a benchmark with another
            space than its own.
        TableAbsentError: There is no such file.
        TableError: The table is damaged.
    """
    path = own_path(source)
    if path is None:
        table = plugins.create("benchmarks", source, root=root)
        if space not in (None, table.space):
            fitting = [
                name
                for name in plugins.names("benchmarks")
                if plugins.benchmark(name).space == space
            ]
            raise ConfigError(
                f"benchmark {source!r} holds architectures of {table.space!r}, not of {space!r}, "
                f"of which there are: {', '.join(fitting) or 'none'}"
            )
        return table
    if space is None:
        known = ", ".join(plugins.names("spaces"))
        raise ConfigError(
            f"{source} does not say of which search space its architectures are; name it with "
            f"--space, one of: {known}"
        )
    return read_own(path, plugins.create("spaces", space), lower_is_better)


def published_datasets(source: str, plugins: Plugins) -> Sequence[str]:
    """Return the datasets of a registered benchmark, in its order; none of a file."""
    return () if own_path(source) is not None else plugins.benchmark(source).datasets


def check_turned(lower_is_better: Collection[str], tables: Collection[BenchmarkTable]) -> None:
    """Refuse to turn a column round that no file has.

    Raises:
        ConfigError: It is a column of none of the user's own files.
    """
    own = [table for table in tables if table.name.startswith(OWN)]
    columns = [column for table in own for column in table.columns()]
    for column in lower_is_better:
        if not own:
            raise ConfigError(
                f"lower_is_better names a column of a csv: benchmark, got {column!r}; published "
                "benchmarks say themselves what is better"
            )
        if column not in columns:
            raise ConfigError(unknown_name("column", column, columns, "lower_is_better"))
