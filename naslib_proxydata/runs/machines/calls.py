"""A call for another machine, and its answer, as they are sent.

What holds there as in a pool of our own: one call at a time in a process, whatever threads it
has, since the number of torch's threads, on which the last digits depend, is the process's; the
same code as here; and nothing that an earlier run has left, since a worker may live for weeks.
"""

from __future__ import annotations

import os
import pickle
import platform
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from naslib_proxydata.code import whole_code
from naslib_proxydata.errors import MachineError
from naslib_proxydata.plugins.sources import BROUGHT
from naslib_proxydata.runs.workers import answer, pickled_error


@dataclass(frozen=True)
class Run:
    """What all calls of a run share.

    Attributes:
        name: No other run's.
        code: The code that the run's driver has.
        plugins: Path and content of the plugins that were loaded from files.
    """

    name: str
    code: str
    plugins: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Machine:
    """What computes: results of two kinds of processor may differ in the last digits."""

    host: str
    processor: str


@dataclass(frozen=True)
class Answer:
    """What comes back: who has computed, and what :func:`outcome` reads."""

    machine: Machine
    content: bytes


def run_of(plugins: Sequence[Path]) -> Run:
    """Return what the calls of a new run share.

    Args:
        plugins: Python files with plugins.
    """
    return Run(uuid4().hex, whole_code(), tuple((str(path), path.read_bytes()) for path in plugins))


def packed(function: Callable[..., Any], arguments: Sequence[Any], options: Any) -> bytes:
    """Return a call as bytes; tensors are copied, as no memory is shared between machines."""
    return pickle.dumps((function, tuple(arguments), options))


def answered(run: Run, content: bytes) -> Answer:
    """Carry out a call of :func:`packed`, in a process of whichever machine."""
    with _one_at_a_time:
        try:
            _take_up(run)
        except Exception as error:
            return Answer(this_machine(), pickled_error(error, pickle.dumps))
        return Answer(this_machine(), answer(content, pickle.dumps))


@cache
def this_machine() -> Machine:
    """Return the machine of this process."""
    import torch

    kind = torch.backends.cpu.get_cpu_capability()
    return Machine(socket.gethostname(), f"{platform.machine()} {kind}")


_one_at_a_time = threading.Lock()
_taken_up: Run | None = None


def _take_up(run: Run) -> None:
    """Make this process one of the run.

    Raises:
        MachineError: Its code is another.
    """
    global _taken_up
    if run == _taken_up:
        return
    if run.code != _own_code():
        raise MachineError(
            f"the worker on {socket.gethostname()} (process {os.getpid()}) has other code of "
            "naslib-proxydata, torch or numpy than the machine that the run was started on; "
            "install the same versions there and start its workers again. Scores that had arrived "
            "are stored"
        )
    _forget()
    _bring(run.plugins)
    _taken_up = run


@cache
def _own_code() -> str:
    return whole_code()


def _forget() -> None:
    """Empty the caches of the package: files may have changed since the run before."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "naslib_proxydata" or name == __name__:
            continue
        for one in list(vars(module).values()):
            if isinstance(one, type(_own_code)):
                one.cache_clear()


def _bring(plugins: Sequence[tuple[str, bytes]]) -> None:
    """Write the plugins that this machine has not, or has otherwise."""
    BROUGHT.clear()
    for path, content in plugins:
        if _content(path) == content:
            continue  # the same file, beside others that it may look for
        place = Path(tempfile.mkdtemp(prefix="naslib-proxydata-")) / Path(path).name
        place.write_bytes(content)
        BROUGHT[path] = place


def _content(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
