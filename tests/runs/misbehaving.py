"""Calls for workers that do not end well; light, since every worker imports them."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from naslib_proxydata.runs.workers import score_begins


def double(number: int) -> int:
    return 2 * number


def slowly(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number


def score(number: int, seconds: float) -> int:
    """Prepare for longer than a limit of half a second, then score."""
    time.sleep(0.7)
    score_begins()
    time.sleep(seconds)
    return number


def fail(text: str) -> None:
    raise LookupError(text)


class TwoArgumentsError(Exception):
    """Can be pickled, and not be read again."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def fail_oddly() -> None:
    raise TwoArgumentsError("odd", "indeed")


def unreadable() -> Any:
    return lambda: None


def leave(how: str) -> None:
    if how == "exit":
        sys.exit(3)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "_exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def hang(file: str = "") -> None:
    """Hold the interpreter's lock in native code for ever, after writing one's number."""
    import ctypes

    if file:
        with open(file, "w", encoding="ascii") as lines:
            lines.write(str(os.getpid()))
    while True:
        ctypes.PyDLL(None).sleep(1000)


def stay(file: str) -> None:
    """Take for ever, after writing one's number."""
    with open(f"{file}.new", "w", encoding="ascii") as lines:
        lines.write(str(os.getpid()))
    os.rename(f"{file}.new", file)
    time.sleep(600)


def pid_in(file: Path, patience: float) -> int:
    """Wait for the number that :func:`stay` writes."""
    deadline = time.monotonic() + patience
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(file.read_text(encoding="ascii"))


def interrupted_at(opened: AbstractContextManager[Executor], file: Path, patience: float) -> None:
    """End a run while a worker is at :func:`stay`."""
    with opened as executor:
        executor.submit(stay, str(file))
        pid_in(file, patience)
        raise KeyboardInterrupt


def ends(pid: int, patience: float) -> bool:
    """Wait for a process to be gone."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def interrupted(number: int) -> int:
    """Send oneself what Ctrl-C sends to all of a terminal's processes."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return number
