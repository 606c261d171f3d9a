"""The one way to open a file that anybody gives; devices, and pipes of nobody's, are none."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Final

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import ProxyDataError, printable

MOST_BYTES: Final = 2**28
"""Of a file of text that is read as a whole."""

_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


_OPEN_HERE: Final = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where a shell puts the pipes that it opened for this process, as with ``<(command)``."""


def open_file(
    path: Path | str, error: type[ProxyDataError], advice: str, *, pipes: bool = False
) -> IO[bytes]:
    """Open a file for reading, without waiting for the other end of a pipe.

    Args:
        path: The file.
        error: What is raised.
        advice: What to do, as a sentence's end: ``check the path``.
        pipes: Whether it may be a pipe that a shell opened for this process.

    Raises:
        ProxyDataError: It is absent, cannot be read, or is a folder, a pipe or a device.
    """
    if "\0" in str(path):
        raise error(f"{printable(str(path))} is no path: it holds a NUL; {advice}")
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (the caller closes it)
    except FileNotFoundError:
        raise error(f"no file {path}; {advice}") from None
    except OSError as problem:
        raise error(f"cannot read {path}: {problem.strerror}; {advice}") from problem
    kind = stat.S_IFMT(os.fstat(file.fileno()).st_mode)
    if pipes and kind == stat.S_IFIFO and str(path).startswith(_OPEN_HERE):
        os.set_blocking(file.fileno(), True)
    elif kind != stat.S_IFREG:
        file.close()
        raise error(f"cannot read {path}: it is {_KINDS.get(kind, 'no file')}; {advice}")
    return file


def read_file(
    path: Path | str, error: type[ProxyDataError], advice: str, most: int = MOST_BYTES
) -> bytes:
    """Return the content of a file, or of a shell's pipe, of at most ``most`` bytes.

    Raises:
        ProxyDataError: It is larger, or see :func:`open_file`.
    """
    with open_file(path, error, advice, pipes=True) as file, boundary(path, error, advice):
        content = file.read(most + 1)
    if len(content) > most:
        raise error(f"{path} is larger than the {most / 2**20:g} MiB of such a file; {advice}")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
