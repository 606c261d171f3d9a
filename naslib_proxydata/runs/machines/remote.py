"""What all executors on other machines share: futures that are given what arrives, or was lost."""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from types import TracebackType
from typing import Any

from naslib_proxydata.errors import ConfigError, MachineError
from naslib_proxydata.runs.machines.calls import (
    Answer,
    Machine,
    packed,
    run_of,
    this_machine,
)
from naslib_proxydata.runs.machines.settings import ExecutorSettings, Work
from naslib_proxydata.runs.workers import MOST_DEATHS, LostCallError, ends_at_once, settle

LOOK_SECONDS = 10.0
"""How often it is looked at what the machines are up to."""

_log = logging.getLogger(__name__)


class RemoteExecutor(Executor):
    """Runs calls on other machines; use it as a context manager.

    A call whose machine was lost has a :class:`LostCallError`; where nothing but losses comes
    back, or nobody is there any more, all that waits fails with a :class:`MachineError`.

    A subclass sends calls by :meth:`_send`, tells what becomes of each by :meth:`_arrived` and
    :meth:`_lose`, and ends calls by :meth:`_cancel`.

    Args:
        what: What it is called in messages.
        settings: Its own.
        work: Of the run.

    Attributes:
        run: What all of its calls share.
        together: Scores of one call.
    """

    def __init__(self, what: str, settings: ExecutorSettings, work: Work) -> None:
        self.what = what
        self.together = settings.together
        self.run = run_of(work.plugins)
        self._began: dict[Future[Any], float] = {}
        self._changed = threading.Condition()
        self._over: Exception | None = None
        self._losses = 0
        self._works = False
        self._known: set[Machine] = set()
        self._workers = 0
        self._looked = float("-inf")
        ends_at_once.add(self)

    # ------------------------------------------------------------------- for who has calls

    @property
    def in_flight(self) -> int:
        """Calls that keep all workers busy: as many again wait for the first that is free."""
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            with suppress(Exception):  # who is gone is told elsewhere, with what that means
                self._workers = self._count()
            self._looked = now
        return 2 * self._workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a worker of whichever machine call ``fn``.

        Raises:
            MachineError: No worker is there any more.
        """
        if self._over is not None:
            raise self._over
        future: Future[Any] = Future()
        content = packed(fn, args, kwargs)
        with self._changed:
            self._began[future] = time.monotonic()
        self._send(future, content)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; with ``cancel_futures`` end those that are under way."""
        self._over = self._over or RuntimeError(f"cannot submit: {self.what} was shut down")
        if cancel_futures:
            self.kill()
        elif wait:
            with self._changed:
                self._changed.wait_for(lambda: not self._began)

    def kill(self) -> None:
        """End the calls that are under way; nobody is told what they return."""
        with self._changed:
            under_way = list(self._began)
            self._began.clear()
            self._changed.notify_all()
        for future in under_way:
            future.cancel()
        if under_way:
            self._cancel(under_way)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def probe(self, patience: float, advice: str) -> None:
        """Make sure that a worker answers, and that it can compute.

        Args:
            patience: Seconds in which it must.
            advice: What to do where none does.

        Raises:
            ConfigError: None does.
        """
        try:
            self.submit(this_machine).result(patience)
        except FutureTimeoutError:
            self.kill()
            raise ConfigError(
                f"no worker of {self.what} answered within {patience:g} s; {advice}. Nothing was "
                "computed yet"
            ) from None
        except LostCallError as error:
            raise ConfigError(f"a worker of {self.what} was lost at once: {error}") from None

    # ------------------------------------------------------------------------- for subclasses

    @abstractmethod
    def _count(self) -> int:
        """Return how many calls can be computed at a time."""

    @abstractmethod
    def _send(self, future: Future[Any], content: bytes) -> None:
        """Let a worker compute ``answered(self.run, content)``."""

    @abstractmethod
    def _cancel(self, futures: Sequence[Future[Any]]) -> None:
        """End calls, those that have begun if that can be done."""

    def _arrived(self, future: Future[Any], found: Answer) -> None:
        """Give a future what a worker has sent."""
        if self._taken(future) is None:
            return
        self._losses, self._works = 0, True
        self._note(found.machine)
        settle(future, found.content)

    def _lose(self, future: Future[Any], reason: str) -> None:
        """Tell a future that its worker was lost."""
        began = self._taken(future)
        if began is None:
            return
        _log.warning("%s: %s", self.what, reason)
        future.set_exception(LostCallError(reason, time.monotonic() - began))
        self._losses += 1
        most = MOST_DEATHS * max(1, self._workers if self._works else 1)
        if self._losses >= most:
            self._give_up(
                f"{self._losses} calls of {self.what} were lost in a row, the last: {reason}"
            )

    def _fail(self, future: Future[Any], reason: str) -> None:
        """Tell a future that its call could not even begin, for a cause that will not pass."""
        if self._taken(future) is not None:
            future.set_exception(
                MachineError(
                    f"{self.what} could not begin a call: {reason}; its workers need the versions "
                    "of Python packages that are installed here. Scores that had arrived are stored"
                )
            )

    def _give_up(self, reason: str) -> None:
        """Fail all that is under way, and all that will be submitted."""
        self._over = MachineError(
            f"{reason}. Scores that had arrived are stored; put this right and run the same "
            "command again"
        )
        for future in list(self._began):
            if self._taken(future) is not None:
                future.set_exception(self._over)

    def _taken(self, future: Future[Any]) -> float | None:
        """Return when a call was submitted, and be done with it; None where nobody waits for it."""
        with self._changed:
            began = self._began.pop(future, None)
            self._changed.notify_all()
        if began is None or not future.set_running_or_notify_cancel():
            return None
        return began

    def _note(self, machine: Machine) -> None:
        """Warn once of each machine whose processor is of another kind."""
        if machine in self._known:
            return
        self._known.add(machine)
        here = this_machine()
        if machine.processor != here.processor:
            _log.warning(
                "%s computes with %s, this machine with %s: scores may differ in the last digits",
                *(machine.host, machine.processor, here.processor),
            )
