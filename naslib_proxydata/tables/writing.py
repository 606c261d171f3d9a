"""Writing compact tables: a file appears whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_npz(target: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to a compressed ``.npz`` without pickles.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    if target.suffix != ".npz":
        raise TableError(f"the compact table is a .npz file, got {target}")
    _write(target, lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays))


def write_json_gz(target: Path, content: Any) -> None:
    """Write plain data to a ``.json.gz``, the same bytes for the same data.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    if not target.name.endswith(".json.gz"):
        raise TableError(f"the compact table is a .json.gz file, got {target}")
    packed = gzip.compress(json.dumps(content).encode(), mtime=0)
    _write(target, lambda stream: stream.write(packed))


def _write(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    # Not made by tempfile, whose files only their owner may read.
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            with scratch.open("xb") as stream:
                write(stream)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise TableError(
            f"cannot write {target}: {error}; nothing was changed there. Choose a folder that can "
            "be written and has space"
        ) from error
