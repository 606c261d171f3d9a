"""Files that nobody else can have written: made for this user alone, and checked when opened.

What lies in the cache is trusted as if it were computed now: a library is executed, a score is
believed. So a file is used only where it belongs to this user or to root and nobody else may write
to it; a group that has the user's own name, as most systems make one for each user, is nobody else.
It is looked at through the descriptor that is then read, so it cannot be exchanged between.

The folder that holds it must be such a folder too. Those above are only refused where all the world
may rename what lies in them (writable by everyone, without the sticky bit that ``/tmp`` has). A
group that may do so, as it commonly may in homes and in folders of a laboratory, can put there
nothing but folders of its own members, and these are refused for their owner.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from naslib_proxydata.errors import FileError

try:
    import grp
    import pwd
except ImportError:  # Windows
    grp = pwd = None  # type: ignore[assignment]

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ROOT = 0
_POSIX = os.name == "posix"


class UntrustedError(FileError):
    """Somebody else may have written a file."""


def open_private(path: Path) -> BinaryIO:
    """Open a file for reading that nobody but this user and root can have written.

    Raises:
        UntrustedError: It, or a folder on the way to it, belongs to someone else or can be written
            by others; or it is a link, or no regular file.
        OSError: It cannot be opened.
    """
    if not _POSIX:  # there the rights say nothing, and the profile of a user is their own
        return path.open("rb")
    try:
        # A pipe in its place must not make the opening wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UntrustedError(f"{path} is a symbolic link; put the file itself there") from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise UntrustedError(f"{path} is no regular file; remove it")
        check_private_folder(path.parent)  # first: its advice is for all that lies there
        _check(path, found)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def check_private_folder(path: Path) -> None:
    """Refuse a folder into which others than this user and root can put or exchange files.

    Raises:
        UntrustedError: It is such a folder, or lies in one.
        OSError: It cannot be looked at.
    """
    if not _POSIX:
        return
    _check(path, path.stat())
    for folder in path.resolve().parents:
        _check_above(folder)


def create_private(path: Path) -> BinaryIO:
    """Create a file that only this user can read and write, whatever the umask.

    Raises:
        OSError: It is there already, or cannot be created.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    if _POSIX:
        os.fchmod(descriptor, _FILE_MODE)
    return os.fdopen(descriptor, "wb")


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone.

    Those that are there stay as they are.

    Raises:
        OSError: It cannot be made.
    """
    if path.is_dir():
        return
    make_private_folder(path.parent)
    try:
        path.mkdir(_FOLDER_MODE)
        path.chmod(_FOLDER_MODE)
    except FileExistsError:
        if not path.is_dir():  # else another process made it meanwhile
            raise


def take_back(path: Path) -> None:
    """Let nobody else write any more in a folder that is this user's own.

    A umask of 002 gave it to a group as well. What others have put there meanwhile belongs to them,
    and what they could write to still says so: neither is trusted for it.

    Raises:
        OSError: It cannot be looked at or changed.
    """
    found = path.stat()
    if _POSIX and found.st_uid == os.getuid() and found.st_mode & _OTHERS_WRITE:
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS_WRITE)


def _check_above(folder: Path) -> None:
    """Refuse a folder in which everyone may rename what belongs to others."""
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise UntrustedError(
            f"{folder} can be written by everyone (mode {stat.S_IMODE(mode):04o}), who can "
            f"exchange what lies in it; run: chmod o-w {folder}"
        )


def _check(path: Path, found: os.stat_result) -> None:
    """Refuse what belongs to others, or can be written by them."""
    if found.st_uid not in (os.getuid(), _ROOT):
        raise UntrustedError(
            f"{path} belongs to someone else (user {found.st_uid}; you are {os.getuid()}); name a "
            "cache folder of your own with NASLIB_PROXYDATA_CACHE"
        )
    group_writes = found.st_mode & stat.S_IWGRP and not _is_own_group(found.st_gid)
    if group_writes or found.st_mode & stat.S_IWOTH:
        raise UntrustedError(
            f"{path} can be written by others (mode {stat.S_IMODE(found.st_mode):04o}); where you "
            f"trust what is there, run: chmod -R go-w {path}"
        )


def _is_own_group(group: int) -> bool:
    """Return whether a group is this user's alone: theirs, named as they are, with no one else.

    Where there are such groups the umask is 002, so that all that a user makes is the group's too.
    """
    try:
        user, found = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:  # as in containers that run as a number
        return False
    own = user.pw_gid == group and found.gr_name == user.pw_name
    return own and set(found.gr_mem) <= {user.pw_name}
