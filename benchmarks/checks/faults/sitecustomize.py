"""A fault at one write of a program, asked for by ``NASLIB_PROXYDATA_FAULT=WAY:NUMBER``.

Python imports this file at its start where its folder is on ``PYTHONPATH``. Writes are counted by
``os.fsync``, which each file that must be whole goes through before it is moved into place. Ways:

- ``half``: the file is cut in half and the process killed, as by an outage of power;
- ``before``: killed before the file is moved into place;
- ``after``: killed after it was;
- ``full``: from there on every write fails, as on a full disk;
- ``broken``: from there on every write fails, as on a broken disk.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from typing import Any

_way, _, _number = os.environ.get("NASLIB_PROXYDATA_FAULT", "").partition(":")
_sync, _replace = os.fsync, os.replace
_writes = 0
_ERRORS = {"full": errno.ENOSPC, "broken": errno.EIO}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fsync(file: Any) -> None:
    global _writes
    _writes += 1
    due = _writes >= int(_number)
    if due and _way in _ERRORS:
        raise OSError(_ERRORS[_way], os.strerror(_ERRORS[_way]))
    if due and _way == "half":
        descriptor = file if isinstance(file, int) else file.fileno()
        os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
        _die()
    _sync(file)


def _move(source: Any, target: Any, **named: Any) -> None:
    if _way == "before" and _writes >= int(_number):
        _die()
    _replace(source, target, **named)
    if _way == "after" and _writes >= int(_number):
        _die()


if _way and multiprocessing.parent_process() is None:
    os.fsync, os.replace = _fsync, _move
