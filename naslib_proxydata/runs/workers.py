"""Processes that compute for this one, each of which may be lost and is then replaced.

What holds: a worker never sees Ctrl-C; its parent ends it. A worker that dies, or takes too long,
costs the one call that it was at. Whoever leaves ``with WorkerPool(...)`` by an exception finds the
workers gone, whatever they were at.

Why not a library: the standard library's pool ends as a whole with one worker, as joblib's does.
pebble 5.2.3 replaces workers, but a call whose worker dies just after it was taken can stay
unanswered for ever (seen within 20 deaths under load), as can one that ends by ``os._exit(0)``.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import multiprocessing.connection
import os
import queue
import signal
import socket
import threading
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler  # what process pools talk by
from types import TracebackType
from typing import Any

from naslib_proxydata.huge_pages import ask_for_huge_pages

MOST_DEATHS = 3
"""Workers, for each of the pool, that may die in a row, without a result between, before the pool
gives up: more memory is not to be had by trying."""

_LOOK_SECONDS = 1.0  # at whether workers live, where a child of theirs keeps their pipe open
_END_SECONDS = 5.0  # for a worker to end by itself, and for the system to end it

Dumps = Callable[[Any], Any]
"""Pickles an object, into something that is bytes or has a buffer of them."""

_log = logging.getLogger(__name__)

# What a worker sends before its results: that it can begin, and that a score begins.
_READY, _BEGINS = b"ready", b"begins"


class LostCallError(Exception):
    """A call was lost with the worker that was at it.

    Attributes:
        seconds: How long it took until then.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason, seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return str(self.args[0])


class _WorkerError(Exception):
    """The traceback of an exception, as the worker had it."""


def score_begins() -> None:
    """Say that the time of the next score starts now; called where scores are computed.

    What a worker makes once, for all its scores, does not count against the limit of one.
    """
    _begins()


def _begins() -> None:
    """Say nothing: this is no worker."""


def end_workers() -> None:
    """End every worker of this process at once."""
    for pool in list(ends_at_once):
        pool.kill()


@dataclass(eq=False)
class _Call:
    """A call, as it is sent to a worker."""

    content: bytes
    future: Future[Any]


@dataclass(eq=False)
class _Worker:
    """A process, and what it is at."""

    process: BaseProcess
    connection: Connection
    ready: bool = False
    call: _Call | None = None
    since: float = 0.0
    deadline: float | None = None


class WorkerPool(Executor):
    """Runs calls in so many processes, started when there is something to do.

    Args:
        workers: The number of processes.
        time_limit: Seconds for one score, see :func:`score_begins`; None for no limit.

    Attributes:
        in_flight: Calls that keep all of its workers busy.

    A future whose worker was lost has a :class:`LostCallError`.
    """

    def __init__(self, workers: int, time_limit: float | None = None) -> None:
        self.size = workers
        self.in_flight = 2 * workers
        self.time_limit = time_limit
        ask_for_huge_pages()
        # "spawn" is the one start method that is safe after torch has started threads.
        self._context = multiprocessing.get_context("spawn")
        self._submitted: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._waking = threading.Lock()
        self._closing = self._cancelling = self._ending = False
        self._over: BaseException | None = None
        # All that follows belongs to the thread.
        self._waiting: deque[_Call] = deque()
        self._workers: list[_Worker] = []
        self._deaths = 0
        self._works = False
        self._thread = threading.Thread(target=self._serve, name="worker pool", daemon=True)
        self._thread.start()
        ends_at_once.add(self)

    # ------------------------------------------------------------------- for who has calls

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a worker call ``fn``.

        Raises:
            BrokenExecutor: Its workers cannot begin, or die one after the other.
            RuntimeError: The pool was shut down.
        """
        if self._over is not None:
            raise self._over
        if self._closing:
            raise RuntimeError("cannot submit: the worker pool was shut down")
        future: Future[Any] = Future()
        self._submitted.put(_Call(bytes(ForkingPickler.dumps((fn, args, kwargs))), future))
        self._rouse()
        if self._over is not None:  # the thread may have ended before it saw the call
            self._refuse(self._over)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish and end; with ``cancel_futures`` only what they are at."""
        self._closing = True
        self._cancelling = cancel_futures
        self._rouse()
        if wait:
            self._thread.join()

    def end(self) -> None:
        """End the workers now, and return when they are gone; what they were at is lost."""
        self.kill()
        self._thread.join(_END_SECONDS)

    def kill(self) -> None:
        """End the workers now."""
        self._closing = self._ending = True
        for worker in list(self._workers):
            with suppress(ValueError, OSError):  # it has ended
                worker.process.kill()
        self._rouse()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.end()

    def _rouse(self) -> None:
        """Make the thread look."""
        with self._waking, suppress(OSError):  # it is roused already, or has ended
            self._wake.send(b"!")

    def _refuse(self, error: BaseException) -> None:
        """Fail the calls that no worker was given."""
        self._receive()
        while self._waiting:
            call = self._waiting.popleft()
            if call.future.set_running_or_notify_cancel():
                call.future.set_exception(error)

    def _receive(self) -> None:
        """Take the calls that were submitted."""
        with suppress(queue.Empty):
            while True:
                self._waiting.append(self._submitted.get_nowait())

    # --------------------------------------------------------------------------- the thread

    def _serve(self) -> None:
        """Hand out calls and take in results until the pool is shut down."""
        ended: BaseException = BrokenExecutor("the worker pool was shut down")
        try:
            while not self._ending:
                self._hand_out()
                if self._closing and self._is_idle():
                    break
                self._take_in()
        except BaseException as error:
            ended = error if isinstance(error, BrokenExecutor) else _broken_by(error)
        finally:
            self._over = ended
            self._end(ended)

    def _hand_out(self) -> None:
        """Give a call to each worker that has none, and start workers where some are missing."""
        self._receive()
        if self._cancelling:
            for call in self._waiting:
                call.future.cancel()
        idle = [worker for worker in self._workers if worker.ready and worker.call is None]
        while idle and self._waiting:
            call = self._waiting.popleft()
            if call.future.set_running_or_notify_cancel():
                self._begin(idle.pop(), call)
        starting = sum(not worker.ready for worker in self._workers)
        for _ in range(min(len(self._waiting) - starting, self.size - len(self._workers))):
            self._start()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs,), name="naslib-proxydata worker"
        )
        with without_interrupts():
            process.start()
        theirs.close()  # so that the end of the worker is the end of the pipe
        self._workers.append(_Worker(process, ours))

    def _begin(self, worker: _Worker, call: _Call) -> None:
        worker.call = call
        worker.since = time.monotonic()
        worker.deadline = None
        with suppress(OSError):  # it has died, which the next look finds
            worker.connection.send_bytes(call.content)

    def _take_in(self) -> None:
        """Wait for something to happen, and see to it."""
        connections = {worker.connection: worker for worker in self._workers}
        now = time.monotonic()
        deadlines = [worker.deadline - now for worker in self._workers if worker.deadline]
        patience = max(0.0, min([_LOOK_SECONDS, *deadlines]))
        ready = multiprocessing.connection.wait([self._woken, *connections], patience)
        if self._ending:
            return  # workers that were killed are no news
        for one in ready:
            if isinstance(one, Connection):
                self._hear(connections[one])
            else:
                self._woken.recv(4096)
        for worker in list(self._workers):
            if worker.connection not in ready and not worker.process.is_alive():
                self._hear(worker)
            elif worker.deadline is not None and time.monotonic() > worker.deadline:
                self._give_up(worker)

    def _hear(self, worker: _Worker) -> None:
        """Take in what a worker sends, or that it is no more."""
        try:
            content = worker.connection.recv_bytes() if worker.connection.poll() else None
        except (EOFError, OSError):
            content = None
        if content is None:
            self._bury(worker)
        elif content == _READY:
            worker.ready = self._works = True
        elif content == _BEGINS:
            worker.since = time.monotonic()
            worker.deadline = self.time_limit and worker.since + self.time_limit
        else:
            call, worker.call, worker.deadline = worker.call, None, None
            assert call is not None
            self._deaths = 0
            settle(call.future, content)

    def _give_up(self, worker: _Worker) -> None:
        """End a worker that takes too long for a score."""
        assert self.time_limit is not None
        _log.warning("a score took longer than %g s; its worker is replaced", self.time_limit)
        self._lose(worker, f"no score within the limit of {self.time_limit:g} s")

    def _bury(self, worker: _Worker) -> None:
        """Note the death of a worker.

        Raises:
            BrokenExecutor: It could not begin, or too many others died before it.
        """
        worker.process.join(_END_SECONDS)
        died = f"worker process {worker.process.pid} {_how_it_died(worker.process.exitcode)}"
        if not self._works:
            self._lose(worker, died)
            raise BrokenExecutor(
                f"{died} before it could begin. A script of your own that uses workers must do so "
                "below: if __name__ == '__main__':"
            )
        _log.warning("%s; it is replaced", died)
        self._lose(worker, died)
        self._deaths += 1
        if self._deaths >= MOST_DEATHS * self.size:
            raise BrokenExecutor(f"{self._deaths} of them in a row, the last: {died}")

    def _lose(self, worker: _Worker, reason: str) -> None:
        """Take leave of a worker, and of the call that it was at."""
        self._workers.remove(worker)
        _finish(worker)
        if worker.call is not None:
            seconds = time.monotonic() - worker.since
            worker.call.future.set_exception(LostCallError(reason, seconds))

    def _is_idle(self) -> bool:
        busy = any(worker.call is not None for worker in self._workers)
        return not busy and not self._waiting and self._submitted.empty()

    def _end(self, error: BaseException) -> None:
        """Let every worker go, and tell of what was not done."""
        workers, self._workers = self._workers, []
        if not self._ending:
            for worker in workers:
                worker.connection.close()  # which an idle one takes for the end
            last = time.monotonic() + _END_SECONDS
            for worker in workers:
                if worker.call is None:
                    worker.process.join(max(0.0, last - time.monotonic()))
        for worker in workers:
            _finish(worker)
            if worker.call is not None:
                worker.call.future.set_exception(error)
        self._refuse(error)
        with self._waking:
            self._wake.close()
        self._woken.close()


ends_at_once: weakref.WeakSet[Any] = weakref.WeakSet()
"""What :func:`end_workers` ends: objects with a method ``kill``."""
atexit.register(end_workers)  # else those of a pool that was not shut down are waited for


def _broken_by(error: BaseException) -> BrokenExecutor:
    broken = BrokenExecutor(f"{type(error).__name__}: {error}")
    broken.__cause__ = error
    return broken


def _finish(worker: _Worker) -> None:
    """See that a worker is gone."""
    worker.process.kill()
    worker.process.join(_END_SECONDS)
    worker.connection.close()


def _how_it_died(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        with suppress(ValueError):
            name = signal.Signals(-exitcode).name
            return f"was killed by {name}" + ("; out of memory, perhaps" if exitcode == -9 else "")
    return f"ended by itself with exit code {exitcode}"


def outcome(content: bytes) -> tuple[Exception | SystemExit | None, Any]:
    """Return the error of a call, or what it returned, from what :func:`answer` has made of it."""
    try:
        error, trace, result = ForkingPickler.loads(content)
    except Exception as problem:  # it is an object of a stranger's
        return RuntimeError(f"cannot read what a worker returned: {problem!r}"), None
    if error is not None:
        error.__cause__ = _WorkerError(trace)
    return error, result


def settle(future: Future[Any], content: bytes) -> None:
    """Give a future what a worker has sent for it."""
    error, result = outcome(content)
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Keep SIGINT from processes that are started here, from their first instruction on."""
    resource_tracker.ensure_running()  # which it would unblock SIGINT for, when started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ------------------------------------------------------------------------- in the worker process


def _work(connection: Connection) -> None:
    """Answer calls until the pipe ends; the life of a worker."""
    global _begins
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    _begins = lambda: connection.send_bytes(_BEGINS)  # noqa: E731
    try:
        connection.send_bytes(_READY)
        while True:
            connection.send_bytes(answer(connection.recv_bytes(), ForkingPickler.dumps))
    except (EOFError, OSError):
        return


def answer(content: bytes, dumps: Dumps) -> bytes:
    """Return the pickle of an error, its traceback, and the result of a call.

    Args:
        content: The pickle of a function, its arguments and its options.
        dumps: Makes the pickle: within one machine, tensors need not be copied.
    """
    started = time.monotonic()
    try:
        function, arguments, options = ForkingPickler.loads(content)
        return bytes(dumps((None, "", function(*arguments, **options))))
    except (Exception, SystemExit) as error:
        return pickled_error(error, dumps)
    except BaseException as error:  # an interrupt is not the worker's to make
        seconds = time.monotonic() - started
        lost = LostCallError(f"{type(error).__name__} in a worker", seconds)
        return pickled_error(lost, dumps)


def pickled_error(error: BaseException, dumps: Dumps) -> bytes:
    """Return the answer that says of an error being handled."""
    trace = traceback.format_exc()
    try:
        content = bytes(dumps((error, trace, None)))
        ForkingPickler.loads(content)  # an exception may be written, and not be read
        return content
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        return bytes(dumps((plain, trace, None)))


def _die_with_parent() -> None:
    """End this worker as soon as the process that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
