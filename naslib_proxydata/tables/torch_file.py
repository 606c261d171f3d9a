"""The pickle inside a file that ``torch.save`` wrote, read without torch."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import TableError
from naslib_proxydata.opening import open_file
from naslib_proxydata.packed import unpacked_whole
from naslib_proxydata.pickle_limits import Readable
from naslib_proxydata.unpickle import unpickle

_LEGACY_HEADER: Final = 3
"""Pickles before the data in a file of torch below 1.6: magic number, version, system."""
_AGAIN: Final = "get the file again from its official place"


@contextmanager
def open_torch_pickle(path: Path) -> Iterator[Readable]:
    """Open the pickle of the data, in a file of the zip layout or the older one.

    In the zip layout its checksum is compared when the caller is done.

    Raises:
        TableError: The file cannot be read, is truncated or damaged, or ``torch.save`` did not
            write it.
    """
    with open_file(path, TableError, _AGAIN) as file, boundary(path, TableError, _AGAIN):
        if not zipfile.is_zipfile(file):
            file.seek(0)
            for _ in range(_LEGACY_HEADER):
                unpickle(file, str(path))
            yield file
            return
        with zipfile.ZipFile(file) as archive:
            found = [one for one in archive.infolist() if one.filename.endswith("/data.pkl")]
            if len(found) != 1:
                raise TableError(f"{path} is a zip archive, but not one written by torch.save")
            with (
                archive.open(found[0]) as member,
                unpacked_whole(member, found[0].compress_size) as stream,
            ):
                yield stream
