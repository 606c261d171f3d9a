"""The version of the code that scores depend on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOMS = ("kernels", "spaces", "data", "predictors", "seeding.py", "ranking.py", "summation.py")
"""The files and folders of the package whose code a score may depend on."""

_PACKAGE = Path(__file__).parent


def code_version(*classes: type) -> str:
    """Hash the source that scores depend on, and the version of torch.

    Any change in one of the :data:`ROOMS`, or in the file that defines one of ``classes`` (a
    plugin's predictor, say) or one of its bases, gives another version. That is coarse on
    purpose: a score computed anew costs seconds, a stale one is wrong.
    """
    digest = hashlib.sha256(_package_digest())
    _add_foreign_files(digest, *classes)
    return digest.hexdigest()


def foreign_code_version(*classes: type) -> str:
    """Hash the files outside this package that define the classes and their bases.

    Returns:
        The empty text where all of them belong to this package.
    """
    digest = hashlib.sha256()
    return digest.hexdigest() if _add_foreign_files(digest, *classes) else ""


def whole_code() -> str:
    """Hash all of the package's source, and the versions of torch and numpy."""
    digest = hashlib.sha256(f"{version('torch')} {version('numpy')}".encode())
    _add_files(digest, _sources(_PACKAGE))
    return digest.hexdigest()


@cache
def _package_digest() -> bytes:
    """Hash the rooms once per process, so that all scores of a run share one version."""
    digest = hashlib.sha256(version("torch").encode())
    for room in ROOMS:
        path = _PACKAGE / room
        _add_files(digest, [path] if path.is_file() else _sources(path))
    return digest.digest()


def _add_files(digest: hashlib._Hash, files: Sequence[Path]) -> None:
    """Let a digest cover files of the package."""
    for file in files:
        digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(file.read_bytes())


def _sources(room: Path) -> list[Path]:
    return sorted(file for file in room.rglob("*") if file.suffix in {".py", ".c", ".h"})


def _add_foreign_files(digest: hashlib._Hash, *classes: type) -> int:
    """Let a digest cover the files outside this package, and return how many there are."""
    files = sorted(set(_foreign_files(*classes)))
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return len(files)


def _foreign_files(*classes: type) -> Iterator[Path]:
    """Yield the files that define the classes and their bases, outside this package."""
    for defined in classes:
        for base in defined.__mro__:
            file = getattr(sys.modules.get(base.__module__), "__file__", None)
            if file is None or base.__module__.split(".")[0] in ("abc", "typing", "builtins"):
                continue
            path = Path(file).resolve()
            if path.is_file() and _PACKAGE.resolve() not in path.parents:
                yield path
