"""Architectures as a user names them: texts, run folders, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import ArchitectureError, ConfigError, RunFolderError
from naslib_proxydata.files import expanded
from naslib_proxydata.opening import read_file
from naslib_proxydata.tables.csv_file import read_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naslib_proxydata.spaces.base import SearchSpace

RESULT = "result.json"
_ADVICE = "run that search again, or give the text of its architecture"


class Found(NamedTuple):
    """Architectures of one source.

    Attributes:
        texts: Their texts, as the source has them.
        space: Name of the search space, where the source says; else None.
    """

    texts: tuple[str, ...]
    space: str | None = None


def architectures_of(source: str) -> Found:
    """Return the architectures that a source names.

    Args:
        source: The run folder of a search or an evolution, a CSV file with a column
            ``architecture``, or the text of an architecture.

    Raises:
        ConfigError: A folder is no such run folder, or a file is no such file.
        RunFolderError: The result of a run folder is damaged.
    """
    path = expanded(source)
    if _exists(path) and path.is_dir():
        return _of_run(path)
    if path.suffix in (".csv", ".gz") or (_exists(path) and path.is_file()):
        texts = read_csv(path, ConfigError).architectures
        if not texts:
            raise ConfigError(f"{path} holds no architectures, only a header; write one a line")
        return Found(texts)
    return Found((source,))


def parsed(texts: Sequence[str], space: SearchSpace[Any]) -> list[Any]:
    """Return the architectures of some texts, those that are written alike once.

    Raises:
        ArchitectureError: One is not of the space; the text is named.
    """
    found = {}
    for text in texts:
        try:
            architecture = space.parse(text)
        except ArchitectureError as error:
            raise ArchitectureError(
                f"not an architecture of space {space.name!r}: {error}; name another --space, a "
                "run folder or a CSV file that is there"
            ) from None
        found[space.text(architecture)] = architecture
    return list(found.values())


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text too long for a name, or with a zero byte
        return False


def _of_run(folder: Path) -> Found:
    if not (folder / RESULT).is_file():
        raise ConfigError(
            f"{folder} holds no {RESULT} of a finished search or evolution; give the run folder of "
            "one, or the text of an architecture"
        )
    content = read_file(folder / RESULT, RunFolderError, _ADVICE)
    with boundary(folder / RESULT, RunFolderError, _ADVICE):
        plain = json.loads(content)
        best = plain["best"]["architecture"] if "best" in plain else plain["cell"]
        return Found((str(best),), str(plain["space"]))
