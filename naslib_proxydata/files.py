"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, BinaryIO

from naslib_proxydata.errors import FileError, ProxyDataError, shown
from naslib_proxydata.private import create_private, make_private_folder

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_LONGEST_NAME = 120
"""In bytes; a file system takes 255, of which scratch files need some."""
_SCRATCH = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}")
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[\d¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever their ending."""
_REMEDIES = {
    errno.ENOSPC: "Make room, or choose another folder",
    errno.EDQUOT: "Make room in your share of the disk, or choose another folder",
    errno.ENAMETOOLONG: "Choose a shorter path",
}


def write_atomically(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    error: type[ProxyDataError] = FileError,
    private: bool = False,
) -> None:
    """Let ``write`` fill a scratch file beside ``path``, flush it to disk and move it there.

    Whoever reads ``path`` sees what was there before or all that is new. Missing folders are made.

    Args:
        path: The file; one that is there is replaced.
        write: Gets the open scratch file.
        error: What is raised where it cannot be written.
        private: Whether the file, and folders that are made for it, are for this user alone;
            else the umask says for whom.

    Raises:
        ProxyDataError: The folder or the file cannot be written; nothing was changed there.
    """
    scratch = path
    try:
        if private:
            make_private_folder(path.parent)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
        remove_scratch(path.parent, (path.name,))
        scratch, opened = _create_scratch(path, private=private)
        with opened as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                os.replace(scratch, path)  # while it is locked
        if fcntl is None:
            os.replace(scratch, path)  # Windows moves no open file
    except OSError as problem:
        remedy = _REMEDIES.get(problem.errno or 0, "Choose a folder that can be written")
        raise error(
            f"cannot write {path}: {problem.strerror or problem}; nothing was changed there. "
            f"{remedy}"
        ) from problem
    finally:
        if scratch != path:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)


def _create_scratch(path: Path, *, private: bool) -> tuple[Path, BinaryIO]:
    """Create and lock the scratch file of a path."""
    while True:
        # Not made by tempfile, whose files only their owner may read; and not named by process,
        # whose numbers clash between containers that share a folder.
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # as _SCRATCH says
        file = create_private(scratch) if private else scratch.open("xb")
        _lock(file, wait=True)
        if os.fstat(file.fileno()).st_nlink:
            return scratch, file
        file.close()  # somebody took it for a leftover before it was locked


def remove_scratch(folder: Path, names: Collection[str] | None = None) -> None:
    """Remove the scratch files of writes that were killed.

    Whoever writes one holds a lock on it, which ends with its process; where there are no locks,
    nothing is removed.

    Args:
        folder: Where they are; nothing happens where there is no such folder.
        names: The files that were to be written; all where None.
    """
    with contextlib.suppress(OSError):  # they only take room
        for path in list(folder.iterdir()):
            found = _SCRATCH.fullmatch(path.name)
            ours = found and (names is None or found["name"] in names)
            if ours and path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    if _lock(file):
                        path.unlink()


def _lock(file: IO[bytes], *, wait: bool = False) -> bool:
    """Lock a scratch file until it is closed; return whether it could be."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # somebody writes it, or the file system knows no locks
        return False
    return True


def file_name(text: str) -> str:
    """Return a text as the name of a file, which every file system takes and no two texts share.

    A name of letters, digits, dots, hyphens and underscores stays as it is. Where others stand in
    it, or where it would name a folder, a hidden file, an option or a device, hyphens take their
    place, and a hash of the text is added; a long one is cut before its hash. Names that differ in
    the case of letters alone are two only where the file system says so.
    """
    name = re.sub(r"[^\w.-]+|\.+$", "-", text).lstrip(".-")
    hashed_already = re.search(r"-[0-9a-f]{8}$", text)  # else it might be another one's name
    fits = 0 < len(name.encode()) <= _LONGEST_NAME
    if name == text and fits and not hashed_already and not _RESERVED.fullmatch(text):
        return name
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    stem = name or "unnamed"
    stem = f"device-{stem}" if _RESERVED.fullmatch(stem) else stem
    return f"{stem.encode()[: _LONGEST_NAME - 9].decode(errors='ignore')}-{digest}"


def expanded(path: Path | str) -> Path:
    """Return a user's path with ``~`` or ``~name`` replaced by that home folder.

    Raises:
        FileError: There is no such home folder, or it is no path at all.
    """
    if "\0" in str(path):
        raise FileError(f"{shown(str(path))} is no path: it holds a NUL")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise FileError(f"no home folder is known for {path}; give the whole path") from error


def check_writable(
    path: Path,
    *,
    error: type[ProxyDataError] = FileError,
    doing: str = "write in",
    advice: str = "choose a folder that can be written",
) -> None:
    """Refuse a folder in which no file can be made, before what it is for is computed.

    A folder that is missing is not made: the nearest one above it must allow that. There a file
    with one byte is made and removed, since rights alone tell neither of read-only nor of full
    disks.

    Args:
        path: The folder.
        error: What is raised.
        doing: What would fail, for the message.
        advice: What to do besides making room.

    Raises:
        ProxyDataError: It is a file, or cannot be written.
    """
    folder = path
    try:
        while not folder.is_dir():
            if folder.exists() or folder.parent == folder:
                raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder")
            folder = folder.parent
        remove_scratch(folder, ("writable",))
        scratch = folder / f".writable.{secrets.token_hex(8)}"
        try:
            with scratch.open("xb") as file:
                file.write(b"1")
                file.flush()
                os.fsync(file.fileno())
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as problem:
        raise error(
            f"cannot {doing} {path}: {problem.strerror or problem}. Nothing was computed yet; "
            f"make room, or {advice}"
        ) from problem


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is deleted afterwards.

    Raises:
        FileError: There is no folder for temporary files that can be written.
    """
    try:
        made = tempfile.TemporaryDirectory()
    except OSError as error:
        raise FileError(
            f"no temporary folder can be made: {error.strerror or error}. Set TMPDIR to a folder "
            "that can be written, or make room"
        ) from error
    with made as folder:
        yield Path(folder)


def write_text(path: Path, text: str, *, error: type[ProxyDataError] = FileError) -> None:
    """Write text as UTF-8, whole or not at all; see :func:`write_atomically`."""
    # Names of files in another encoding than the system's are texts that UTF-8 has no bytes for.
    content = text.encode(errors="backslashreplace")
    write_atomically(path, lambda file: file.write(content), error=error)
