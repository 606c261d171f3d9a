"""The path that a user writes after a format's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from naslib_proxydata.errors import DatasetError
from naslib_proxydata.files import expanded

ARCHIVES = frozenset({".gz", ".tgz", ".tar", ".zip", ".bz2", ".xz"})
"""Suffixes of packed files."""


def required_path(path: str, name: str) -> Path:
    """Return the path of a format that cannot do without one; ``~`` is the user's home.

    Args:
        path: What the user wrote after the colon, empty where nothing.
        name: Name of the format.

    Raises:
        DatasetError: There is none, or it is that of an archive.
    """
    if not path:
        raise DatasetError(f"dataset {name!r} needs a path: write {name}:PATH")
    place = expanded(path)
    if place.suffix in ARCHIVES and place.is_file():
        raise DatasetError(f"{place} is an archive; unpack it, and give the folder as {name}:PATH")
    return place


def folder_with(place: Path, names: Sequence[str]) -> Path | None:
    """Return the folder that holds one of some files: a place, or a folder in it; or None.

    Args:
        place: Where an archive was unpacked.
        names: Files, any of which tells that this is it.
    """
    if not place.is_dir():
        return None
    folders = [place, *sorted(entry for entry in place.iterdir() if entry.is_dir())]
    holding = (folder for folder in folders if any((folder / name).is_file() for name in names))
    return next(holding, None)


def required_files(folder: Path, names: Sequence[str], source: str) -> list[Path]:
    """Return all the files of a folder that are needed, in the order of their names.

    Args:
        folder: Where they are.
        names: Their names.
        source: Where they come from, for the error.

    Raises:
        DatasetError: One is absent.
    """
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise DatasetError(
            f"{folder} lacks {', '.join(absent)}; unpack {source} there again, or give the path of "
            "a single file"
        )
    return [folder / name for name in names]
