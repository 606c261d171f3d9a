"""The path that a user writes after a format's name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.files import expanded

ARCHIVES = frozenset({".gz", ".tgz", ".tar", ".zip", ".bz2", ".xz"})
"""Suffixes of packed files."""


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file; one that is too long, or a NUL in it, leads nowhere.

    ``Path.is_file`` raises for these.
    """
    return os.path.isfile(path)


def is_folder(path: Path) -> bool:
    """Return whether a path leads to a folder, see :func:`is_file`."""
    return os.path.isdir(path)


def folders_in(place: Path) -> list[Path]:
    """Return the folders in a folder, sorted.

    Raises:
        DatasetError: It cannot be read.
    """
    with boundary(place, DatasetError, "check the path"):
        return sorted(entry for entry in place.iterdir() if is_folder(entry))


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
    if place.suffix in ARCHIVES and is_file(place):
        raise DatasetError(f"{place} is an archive; unpack it, and give the folder as {name}:PATH")
    return place


def folder_with(place: Path, names: Sequence[str]) -> Path | None:
    """Return the folder that holds one of some files: a place, or a folder in it; or None.

    Args:
        place: Where an archive was unpacked.
        names: Files, any of which tells that this is it.
    """
    if not is_folder(place):
        return None
    folders = [place, *folders_in(place)]
    holding = (folder for folder in folders if any(is_file(folder / name) for name in names))
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
    absent = [name for name in names if not is_file(folder / name)]
    if absent:
        raise DatasetError(
            f"{folder} lacks {', '.join(absent)}; unpack {source} there again, or give the path of "
            "a single file"
        )
    return [folder / name for name in names]
