"""Writing compact tables: a file appears whole or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import TableError
from naslib_proxydata.files import check_writable, write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

NPZ, JSON_GZ = ".npz", ".json.gz"


def check_target(target: Path, suffix: str) -> None:
    """Refuse a target that cannot be written, before minutes of reading.

    Raises:
        TableError: It has another suffix, is a folder, or its folder cannot be written.
    """
    if not target.name.endswith(suffix):
        raise TableError(f"the compact table is a {suffix} file, got {target}")
    if target.is_dir():
        raise TableError(f"{target} is a folder; name a file to write")
    check_writable(target.parent, error=TableError)


def write_npz(target: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to a compressed ``.npz`` without pickles.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    check_target(target, NPZ)
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
    check_target(target, JSON_GZ)
    packed = gzip.compress(json.dumps(content).encode(), mtime=0)
    write_atomically(target, lambda stream: stream.write(packed), error=TableError)
