"""The lock of a folder: one run at a time writes there, and the system lets go of a dead one's."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from naslib_proxydata.errors import RunFolderError, printable
from naslib_proxydata.runs.mounts import mount_of

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)

NAME = ".lock"
"""The lock's file, in the folder; it says who holds the lock, and goes with it."""

_MOST_BYTES = 4096  # of what a file says of its holder

_held: set[FolderLock] = set()


class FolderLock:
    """The exclusive right to write in a folder; use it as a context manager.

    It is a lock of the operating system (``flock``) on an open file, which the kernel frees when
    the process ends, however it ends: what a killed run leaves behind blocks nobody. It belongs
    to this object, so that another thread of the process is refused as another process is, and
    child processes do not share it.

    Over NFS it holds between machines. Where the mount keeps locks to one machine (``nolock``,
    ``local_lock``), or the file system or the system (Windows) knows no such locks, a warning
    says so, and nothing keeps two runs apart; another one tells of a run on another machine that
    has left its file behind.

    Args:
        folder: An existing folder.

    Raises:
        RunFolderError: Another run holds it (the message says which, where and since when), or
            its file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._file = self._locked()
        self._tell_of_others()
        self._owner = os.getpid()
        _held.add(self)
        # Only a courtesy to whoever is refused: that it cannot be written is told elsewhere.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.write(self._file, json.dumps(_holder()).encode())

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def is_in_place(self) -> bool:
        """Return whether the folder is still the one that was locked: not deleted, not replaced."""
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(self._file), os.stat(self.path))
        return False

    def release(self) -> None:
        """Let others in; a second time it does nothing."""
        if self not in _held or self._owner != os.getpid():
            return
        _held.discard(self)
        with contextlib.suppress(OSError):
            if self.is_in_place():  # while it is held: the next one's file must not be removed
                self.path.unlink()
        os.close(self._file)

    def _tell_of_others(self) -> None:
        """Warn where a run on another machine may write here all the same."""
        if mount_of(self.folder).locks_stay:
            _log.warning(
                "%s lies on a file system whose locks other machines do not see: nothing keeps "
                "a run that is started there out of it",
                self.folder,
            )
        holder = _said(self._file)
        if holder is not None and holder["machine"] != socket.gethostname():
            _log.warning(
                "%s was last used by %s, which has not ended in order; if it still runs, stop one "
                "of the two",
                self.folder,
                _told(holder),
            )

    def _locked(self) -> int:
        """Return the descriptor of the locked file.

        The one before removes its file before it lets go, so the file that was opened may be
        locked too late, when another one has its name.
        """
        while True:
            file = self._opened()
            try:
                self._lock(file)
                if os.path.samestat(os.fstat(file), os.stat(self.path)):
                    return file
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _opened(self) -> int:
        # Not through a symbolic link, which somebody may have laid to a file that is precious.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            return os.open(self.path, flags, 0o666)
        except OSError as error:
            raise RunFolderError(
                f"cannot write {self.path}: {error.strerror}. Nothing was changed there; put this "
                "right, or choose another folder"
            ) from error

    def _lock(self, file: int) -> None:
        """Lock a file, or refuse where another one holds it."""
        try:
            if fcntl is None:
                raise OSError("this system knows no flock")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunFolderError(
                f"{self.folder} is in use by {_who(file)}; wait until it ends, stop it, or choose "
                "another folder. Nothing was changed there"
            ) from None
        except OSError as error:
            _log.warning(
                "%s cannot be locked (%s): nothing keeps a second run out of it", self.folder, error
            )


def _holder() -> dict[str, str | int]:
    now = datetime.now(timezone.utc).astimezone()
    return {
        "process": os.getpid(),
        "machine": socket.gethostname(),
        "since": now.isoformat(sep=" ", timespec="seconds"),
    }


def _who(file: int) -> str:
    """Return what a lock's file says of who holds it."""
    holder = _said(file)
    return "another process" if holder is None else _told(holder)


def _told(holder: Mapping[str, Any]) -> str:
    words = f"process {holder['process']} on {holder['machine']} since {holder['since']}"
    return printable(words)


def _said(file: int) -> Mapping[str, Any] | None:
    """Return what a lock's file holds, None where it says nothing that can be read."""
    try:
        said = json.loads(os.pread(file, _MOST_BYTES, 0))
        return said if {"process", "machine", "since"} <= said.keys() else None
    except (OSError, ValueError, AttributeError, RecursionError):
        return None


def _forget_in_child() -> None:
    """Close what a forked child has inherited: it would keep the lock when its parent is gone."""
    for lock in _held:
        os.close(lock._file)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
