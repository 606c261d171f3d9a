"""The pickle inside a file that ``torch.save`` wrote, read without torch."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from naslib_proxydata.errors import TableError
from naslib_proxydata.unpickle import unpickle

_LEGACY_HEADER: Final = 3
"""Pickles before the data in a file of torch below 1.6: magic number, version, system."""


@contextmanager
def open_torch_pickle(path: Path) -> Iterator[IO[bytes]]:
    """Open the pickle of the data, in a file of the zip layout or the older one.

    Raises:
        TableError: The file is truncated or damaged, or ``torch.save`` did not write it.
        OSError: The file cannot be read.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(names) != 1:
                raise TableError(f"{path} is a zip archive, but not one written by torch.save")
            with archive.open(names[0]) as stream:
                yield stream
    else:
        with path.open("rb") as stream:
            for _ in range(_LEGACY_HEADER):
                unpickle(stream, str(path))
            yield stream
