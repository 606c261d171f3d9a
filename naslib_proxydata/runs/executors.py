"""Where calls run: in this process or in others, never too many ahead of what is kept."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from naslib_proxydata.errors import ProxyDataError

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and of how much."""

IN_FLIGHT = 32
"""Calls handed to an executor and not yet kept; bounds memory and what a kill can lose."""

_POLL_SECONDS = 0.005

Name = TypeVar("Name")
Result = TypeVar("Result")


class SerialExecutor(Executor):
    """Runs each call at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call ``fn`` now and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def default_executor(workers: int) -> Executor:
    """Return an executor of that many processes, or of this one for ``workers=1``.

    Raises:
        ProxyDataError: This system has no shared memory for their locks.
    """
    if workers == 1:
        return SerialExecutor()
    # "spawn" is the one start method that is safe after torch has started threads.
    spawn = multiprocessing.get_context("spawn")
    try:
        return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_die_with_parent)
    except (OSError, NotImplementedError) as error:
        raise ProxyDataError(
            f"worker processes cannot be started here: {error}. Their locks need shared memory "
            "(/dev/shm) that can be written; use --workers 1, or give the container some"
        ) from error


def _die_with_parent() -> None:
    """End this worker as soon as the process that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def completed(
    executor: Executor,
    function: Callable[..., Result],
    calls: Iterable[tuple[Name, tuple[Any, ...]]],
) -> Iterator[tuple[Name, Result]]:
    """Submit calls, never more than :data:`IN_FLIGHT` ahead, and yield results as they come.

    Args:
        executor: Any executor.
        function: What is called, in whichever process.
        calls: A name for each result, and the arguments.

    Raises:
        ProxyDataError: A worker died. Like any error of a call, it comes after every result
            that had arrived with it.
    """
    pending: dict[Future[Result], Name] = {}
    try:
        for name, arguments in calls:
            pending[executor.submit(function, *arguments)] = name
            yield from _take_done(pending, at_most=IN_FLIGHT - 1)
        yield from _take_done(pending, at_most=0)
    except BrokenExecutor as error:
        raise ProxyDataError(
            f"a worker process died ({error}); out of memory, perhaps. Scores that had arrived "
            "are stored; run the same command again with fewer --workers"
        ) from error
    finally:
        for future in pending:
            future.cancel()


def _take_done(
    pending: dict[Future[Result], Name], *, at_most: int
) -> Iterator[tuple[Name, Result]]:
    """Yield what is done, waiting until at most so many are left."""
    while True:
        failed: Exception | None = None
        for future in [one for one in pending if one.done()]:
            try:
                result = future.result()
            except Exception as error:
                failed = failed or error
                continue
            yield pending.pop(future), result
        if failed is not None:  # only now, when all that came with it is stored
            raise failed
        if len(pending) <= at_most:
            return
        time.sleep(_POLL_SECONDS)


@contextmanager
def threads_used(count: int) -> Iterator[None]:
    """Use so many torch threads: another number changes sums in the last bits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_thread() -> AbstractContextManager[None]:
    """Use one torch thread."""
    return threads_used(1)
