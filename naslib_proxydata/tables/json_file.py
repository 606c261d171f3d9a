"""Reading a released JSON file, gzipped or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import TableError
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
        return json.loads(content)
