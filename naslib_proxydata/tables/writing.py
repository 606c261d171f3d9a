"""Writing compact tables: a file appears whole or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import TableError
from naslib_proxydata.files import write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_npz(target: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to a compressed ``.npz`` without pickles.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    if target.suffix != ".npz":
        raise TableError(f"the compact table is a .npz file, got {target}")
    write_atomically(
        target,
        lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays),
        error=TableError,
    )


def write_json_gz(target: Path, content: Any) -> None:
    """Write plain data to a ``.json.gz``, the same bytes for the same data.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    if not target.name.endswith(".json.gz"):
        raise TableError(f"the compact table is a .json.gz file, got {target}")
    packed = gzip.compress(json.dumps(content).encode(), mtime=0)
    write_atomically(target, lambda stream: stream.write(packed), error=TableError)
