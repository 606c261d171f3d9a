"""Reading a released JSON file, gzipped or not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import TableError, shown
from naslib_proxydata.packed import read_unpacked

AGAIN: Final = "get the file again from its official place"


def read_json(path: Path, how_to_get: str = AGAIN) -> Any:
    """Read a JSON file, unpacked where it is gzipped.

    Args:
        path: The file.
        how_to_get: What to do where it is damaged.

    Raises:
        TableError: It cannot be read, or is not JSON.
    """
    content = read_unpacked(path, TableError, how_to_get)
    with boundary(path, TableError, how_to_get):
        return json.loads(content, object_pairs_hook=_each_key_once)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's values by their keys, of which ``json`` would keep the last of a name."""
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {shown(twice)} stands twice")
    return values
