"""Results as a Parquet file, with the extra ``parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.files import write_atomically
from naslib_proxydata.leaderboard.long_form import Result


def check_parquet() -> None:
    """Refuse to go on without the package that writes such files.

    Raises:
        ConfigError: It is not installed, or does not import.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"a .parquet file needs pyarrow, which does not import here ({error}): pip install "
            "'naslib-proxydata[parquet]', or name a .csv file"
        ) from error


def write_parquet(path: Path, results: Sequence[Result]) -> None:
    """Write a column for each field of the results, whole or not at all.

    Raises:
        FileError: The file cannot be written.
    """
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        [
            ("method", pyarrow.string()),
            ("task", pyarrow.string()),
            ("seed", pyarrow.int64()),
            ("metric", pyarrow.string()),
            ("value", pyarrow.float64()),
        ]
    )
    table = pyarrow.Table.from_pylist([one._asdict() for one in results], schema)
    write_atomically(path, lambda file: parquet.write_table(table, file))
