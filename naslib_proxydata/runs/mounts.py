"""File systems that several machines share, and what they promise."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

SHARED = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p"),
        *("panfs", "wekafs", "orangefs", "fuse.glusterfs", "fuse.sshfs", "fuse.beegfs"),
    }
)
"""Kinds of file systems, as Linux calls them, that other machines may mount as well."""

LOCKS_STAY = frozenset(
    {"nolock", "local_lock=all", "local_lock=flock", "localflock", "noflock", "nobrl"}
)
"""Options of a mount by which other machines see nothing of a lock (nfs(5), mount.lustre(8),
mount.cifs(8))."""

_TABLE = Path("/proc/self/mountinfo")


class Mount(NamedTuple):
    """Where a folder lies.

    Attributes:
        kind: The kind of file system; empty where the system does not tell.
        options: Those of the mount.
    """

    kind: str = ""
    options: frozenset[str] = frozenset()

    @property
    def is_shared(self) -> bool:
        """Whether other machines may write there as well."""
        return self.kind in SHARED

    @property
    def locks_stay(self) -> bool:
        """Whether other machines see nothing of a lock."""
        return self.is_shared and bool(self.options & LOCKS_STAY)


def mount_of(folder: Path, table: Path = _TABLE) -> Mount:
    """Return the mount that a folder lies on.

    Args:
        folder: An existing folder.
        table: Linux's list of mounts, see proc_pid_mountinfo(5).
    """
    place = os.path.realpath(folder)
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return Mount()
    best, found = "", Mount()
    for line in lines:
        point, mount = _parsed(line)
        if _is_within(place, point) and len(point) >= len(best):  # the last of a point is on top
            best, found = point, mount
    return found


def _parsed(line: str) -> tuple[str, Mount]:
    """Return the mount point of a line, and what is mounted there."""
    left, _, right = line.partition(" - ")
    fields, (kind, _, *rest) = left.split(), right.split()
    point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
    options = ",".join([fields[5], *rest]).split(",")
    return point, Mount(kind, frozenset(options))


def _is_within(place: str, point: str) -> bool:
    return place == point or place.startswith(point.rstrip("/") + "/")
