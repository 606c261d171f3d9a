"""Which of several files of one benchmark is read: said in the log, or refused where in doubt."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

from naslib_proxydata.errors import TableError

logger = logging.getLogger(__name__)


def first_of(*ranks: Iterable[Path]) -> Path | None:
    """Return the best path that exists, None where none does; the log names those left unread.

    Args:
        ranks: Files or folders of one benchmark, the richest or newest rank first. Nothing is
            known to be better among those of one rank.

    Raises:
        TableError: The best rank has several.
    """
    # Path.exists raises for a name that is too long.
    found = [there for rank in ranks if (there := [path for path in rank if os.path.exists(path)])]
    if not found:
        return None
    best, *others = found
    if len(best) > 1:
        raise TableError(
            f"{_listed(best)} are of one benchmark, and nothing says which is newer or holds more; "
            "leave only one of them there"
        )
    if others:
        logger.info(
            "%s is read, not %s", best[0], _listed(path for rank in others for path in rank)
        )
    return best[0]


def newest(paths: Iterable[Path]) -> list[list[Path]]:
    """Return releases of one benchmark by the version in their names, ``v1_1`` before ``v1_0``."""
    releases: dict[tuple[int, ...], list[Path]] = {}
    for path in sorted(paths):
        match = re.search(r"v(\d+(?:_\d+)*)", path.name)
        version = tuple(map(int, match[1].split("_"))) if match else ()
        releases.setdefault(version, []).append(path)
    return [releases[version] for version in sorted(releases, reverse=True)]


def _listed(paths: Iterable[Path]) -> str:
    return " and ".join(map(str, paths))
