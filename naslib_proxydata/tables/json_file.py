"""Reading a released JSON file, gzipped or not."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from naslib_proxydata.errors import TableError


def read_json(path: Path, how_to_get: str = "") -> Any:
    """Read a JSON file, unpacked where its name ends in ``.gz``.

    Args:
        path: The file.
        how_to_get: What to do where it is damaged.

    Raises:
        TableError: It cannot be read, or is not JSON.
    """
    try:
        data = path.read_bytes()
        return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    except (OSError, EOFError, ValueError, zlib.error, RecursionError) as error:
        advice = f". {how_to_get}" if how_to_get else ""
        raise TableError(f"{path}: not a readable JSON file: {error}{advice}") from error
