"""Ctrl-C and SIGTERM: the first ends a command in order, the second at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A command was interrupted; the message says what of it is kept.

    No ``KeyboardInterrupt``, which click would print as "Aborted!".
    """


class Signalled(KeyboardInterrupt):
    """A signal came.

    A type of its own: where a plain ``KeyboardInterrupt`` has passed through ``exec``, CPython ends
    the process by SIGINT in the end, whatever its exit code was to be.
    """


class Interrupts:
    """The interrupts of a process that runs one command; use it as a context manager.

    A thread waits for the second one: where native code hangs, Python's own handlers never run.

    Attributes:
        received: The first signal, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None

    def __enter__(self) -> Interrupts:
        """Take the signals over, where this is the main thread, which alone may."""
        self._watches = threading.current_thread() is threading.main_thread()
        if not self._watches:
            return self
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.getsignal(number) for number in NUMBERS}
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:  # as nohup and shells' background jobs have it
                signal.signal(number, self._handle)
        threading.Thread(target=self._wait, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back, unless the process is about to end by one."""
        if self.received is not None or not self._watches:
            return
        for number, handler in self._before.items():
            if handler is not None:  # else a library's, in C, which nobody can give back
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        self._writer.close()  # which the thread takes for its end

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it."""
        return 128 + (self.received or signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number
            raise Signalled

    def _wait(self) -> None:
        """End the process at the second signal."""
        received: list[int] = []
        while len(received) < 2:
            content = self._reader.recv(1)
            if not content:
                self._reader.close()
                return
            received += [number for number in content if number in NUMBERS]
        if workers := sys.modules.get("naslib_proxydata.runs.workers"):
            workers.end_workers()
        os.write(2, b"ended at once; what was stored before is kept\n")
        os._exit(128 + received[0])


@contextmanager
def keeping(told: Callable[[], str]) -> Iterator[None]:
    """Say what a command has kept, where it is interrupted.

    Args:
        told: Returns what is kept and how it goes on, as a sentence's end.

    Raises:
        Interrupted: The block was interrupted.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise Interrupted(told()) from interrupt
