"""The path that a user writes after a format's name."""

from __future__ import annotations

from pathlib import Path

from naslib_proxydata.errors import DatasetError


def required_path(path: str, name: str) -> Path:
    """Return the path of a format that cannot do without one; ``~`` is the user's home.

    Args:
        path: What the user wrote after the colon, empty where nothing.
        name: Name of the format.

    Raises:
        DatasetError: There is none.
    """
    if not path:
        raise DatasetError(f"dataset {name!r} needs a path: write {name}:PATH")
    return Path(path).expanduser()
