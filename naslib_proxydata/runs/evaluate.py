"""Scoring many architectures: only what the store lacks, on any executor, in flat memory."""

from __future__ import annotations

import math
import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

Setup = Callable[[], Predictor[Any]]
"""Makes a prepared predictor; picklable, and equal by value, so that each worker calls it once."""

Progress = Callable[[int, int], None]
"""Called with the number of architectures scored and the number asked for."""

IN_FLIGHT = 32
"""Chunks handed to an executor and not yet stored; bounds memory and what a kill can lose."""

CHEAP_CHUNK = 64
"""Architectures in one call where no network is run, so that the call itself costs little."""

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
    """Return an executor of that many processes, or of this one for ``workers=1``."""
    if workers == 1:
        return SerialExecutor()
    # "spawn" is the one start method that is safe after torch has started threads.
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_die_with_parent)


def _die_with_parent() -> None:
    """End this worker as soon as the process that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def evaluate(
    setup: Setup,
    architectures: Mapping[str, str],
    store: ScoreStore,
    context: ScoreContext,
    executor: Executor,
    *,
    chunk: int = 1,
    progress: Progress | None = None,
) -> int:
    """Score the architectures that the store lacks and store each score as it arrives.

    Scores are computed with one torch thread wherever they are, so they do not depend on the
    executor.

    Args:
        setup: Makes the prepared predictor, once in each process that scores.
        architectures: Text by key; architectures with one key share one score.
        store: Where scores are looked up and put.
        context: What the scores depend on besides the architecture.
        executor: Any executor; an object with ``submit`` whose futures have ``done`` and
            ``result`` is enough.
        chunk: Architectures in one call.
        progress: Told how far it is.

    Returns:
        The number of scores computed.

    Raises:
        ProxyDataError: The user must put something right, or a worker died; all scores that
            arrived before are stored.
    """
    stored = store.keys(context)
    missing = [key for key in architectures if key not in stored]
    done = len(architectures) - len(missing)
    if progress is not None:
        progress(done, len(architectures))
    chunks = (missing[start : start + chunk] for start in range(0, len(missing), chunk))
    calls = ((keys, (setup, [architectures[key] for key in keys])) for keys in chunks)
    for keys, scores in completed(executor, score_chunk, calls):
        store.add(context, dict(zip(keys, scores, strict=True)))
        done += len(keys)
        if progress is not None:
            progress(done, len(architectures))
    return len(missing)


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


def score_chunk(setup: Setup, texts: Sequence[str]) -> list[Score]:
    """Score some architectures in whichever process this is."""
    with one_thread():
        predictor = _prepared(setup)
        space = predictor.task.space
        return [_sound(predictor.score_one(space.parse(text))) for text in texts]


@lru_cache(maxsize=1)
def _prepared(setup: Setup) -> Predictor[Any]:
    """Make the predictor of a process; the one before is let go, to keep memory flat."""
    return setup()


def _sound(score: Score) -> Score:
    """Return the score, failed where it overflowed: +inf would rank first for no reason."""
    if score.value != math.inf:
        return score
    return Score(math.nan, score.reason or "the score overflowed", score.seconds, score.details)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one torch thread: more would change sums in the last bits with the machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
