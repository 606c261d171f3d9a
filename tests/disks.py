"""Small disks of their own for tests that fill one, or that may only read it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def _mount(*arguments: object) -> bool:
    try:
        done = subprocess.run([*map(str, arguments)], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """Give a disk of that size; the test is skipped where none may be mounted."""
    place.mkdir()
    options = f"size={kilobytes}k,mode=700"
    if os.getuid() != 0 or not _mount("mount", "-t", "tmpfs", "-o", options, "none", place):
        pytest.skip("only root may mount a disk, and not in every container")
    try:
        yield place
    finally:
        _mount("umount", "-l", place)


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    room = shutil.disk_usage(disk).free
    with suppress(OSError), (disk / ".filling").open("wb", buffering=0) as file:
        file.write(bytes(room + 1))
    assert shutil.disk_usage(disk).free == 0


def make_read_only(disk: Path) -> None:
    """Let a disk only be read from now on."""
    assert _mount("mount", "-o", "remount,ro", disk)
