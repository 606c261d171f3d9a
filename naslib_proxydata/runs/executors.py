"""Where calls run: in this process or in others, never too many ahead of what is kept."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, TypeVar

from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.runs.workers import LostCallError, WorkerPool, answer, outcome

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and of how much."""

IN_FLIGHT = 32
"""Calls handed to an executor and not yet kept; bounds memory and what a kill can lose.

More where an executor has an attribute ``in_flight`` that says so, to keep many workers busy.
"""

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
        except (Exception, SystemExit) as error:  # whose code might be 0, as if all were done
            future.set_exception(error)
        return future


def default_executor(workers: int, score_time_limit: float | None = None) -> Executor:
    """Return an executor of that many processes, or of this one for ``workers=1``.

    Args:
        workers: The number of processes.
        score_time_limit: Seconds for one score. Where there is a limit, one worker is a process of
            its own too: this process could not be ended.
    """
    if workers == 1 and score_time_limit is None:
        return SerialExecutor()
    return WorkerPool(workers, score_time_limit)


def calls_together(executor: Executor, scores: int = 1) -> int:
    """Return how many calls are handed over as one: enough for an executor's ``together`` scores.

    Args:
        executor: Any executor; without such an attribute each call goes by itself.
        scores: Those of one call.
    """
    return max(1, getattr(executor, "together", 1) // scores)


def completed(
    executor: Executor,
    function: Callable[..., Result],
    calls: Iterable[tuple[Name, tuple[Any, ...]]],
    lost: Callable[[LostCallError, Name], Result],
    *,
    together: int = 1,
) -> Iterator[tuple[Name, Result]]:
    """Submit calls, never more than :data:`IN_FLIGHT` ahead, and yield results as they come.

    Whatever ends this, an interrupt too, cancels what waits, after what had arrived was yielded.

    Args:
        executor: Any executor.
        function: What is called, in whichever process.
        calls: A name for each result, and the arguments.
        lost: Returns what stands for the result of a call whose worker was lost.
        together: Calls that are handed over as one, where each by itself is too short for it.

    Raises:
        ProxyDataError: Workers died, or called ``sys.exit``. Like any error of a call, it comes
            after every result that had arrived with it.
    """
    pending: dict[Future[Any], list[Name]] = {}
    waiting = iter(calls)
    try:
        while group := list(islice(waiting, together)):
            names, arguments = [name for name, _ in group], [given for _, given in group]
            pending[_submitted(executor, function, arguments, together)] = names
            most = max(IN_FLIGHT, getattr(executor, "in_flight", 0))
            yield from _take_done(pending, lost, together, at_most=most - 1)
        yield from _take_done(pending, lost, together, at_most=0)
    except BrokenExecutor as error:
        raise ProxyDataError(
            f"a worker process died ({error}); out of memory, perhaps. Scores that had arrived "
            "are stored; run the same command again with fewer --workers"
        ) from error
    finally:
        for future in pending:
            future.cancel()


def _take_done(
    pending: dict[Future[Any], list[Name]],
    lost: Callable[[LostCallError, Name], Result],
    together: int,
    *,
    at_most: int,
) -> Iterator[tuple[Name, Result]]:
    """Yield what is done, waiting until at most so many are left."""
    while True:
        interrupt: KeyboardInterrupt | None = None
        failed: Exception | None = None
        try:
            while len(pending) > at_most and not any(one.done() for one in pending):
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt as error:
            interrupt = error
        for future in [one for one in pending if one.done()]:
            names = pending.pop(future)
            for name, (problem, result) in zip(
                names, _outcomes(future, names, together), strict=True
            ):
                if isinstance(problem, LostCallError):
                    yield name, lost(problem, name)
                elif problem is None:
                    yield name, result
                else:
                    failed = failed or problem
        if interrupt is not None:  # only now, when all that came with it is stored
            raise interrupt
        if failed is not None:
            raise failed
        if len(pending) <= at_most:
            return


def _submitted(
    executor: Executor,
    function: Callable[..., Any],
    arguments: Sequence[tuple[Any, ...]],
    together: int,
) -> Future[Any]:
    """Hand calls over."""
    if together == 1:
        return executor.submit(function, *arguments[0])
    return executor.submit(answers, function, arguments)


def answers(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """Call a function once for each tuple of arguments; an error costs one call, not the others."""
    return [answer(pickle.dumps((function, given, {})), pickle.dumps) for given in calls]


def _outcomes(
    future: Future[Any], names: Sequence[Name], together: int
) -> list[tuple[Exception | None, Any]]:
    """Return the error of each call of a future that is done, or its result."""
    try:
        found = future.result()
    except SystemExit as error:
        return [(_exited(error), None)] * len(names)
    except Exception as error:
        return [(error, None)] * len(names)
    return [(None, found)] if together == 1 else [_told(one) for one in found]


def _told(content: bytes) -> tuple[Exception | None, Any]:
    """Return what has become of one of several calls."""
    error, result = outcome(content)
    return (_exited(error) if isinstance(error, SystemExit) else error), result


def _exited(error: SystemExit) -> ProxyDataError:
    return ProxyDataError(
        f"code that makes a predictor called sys.exit({error.code!r}); scores that "
        "had arrived are stored. Code of a plugin must raise an exception instead"
    )


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
