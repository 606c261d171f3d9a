"""Scoring many architectures: only what the store lacks, on any executor, in flat memory."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import lru_cache
from typing import Any

from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.runs.executors import calls_together, completed, threads_used
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from naslib_proxydata.runs.workers import LostCallError, score_begins

Setup = Callable[[], Predictor[Any]]
"""Makes a prepared predictor; picklable, and equal by value, so that each worker calls it once."""

Progress = Callable[[int, int], None]
"""Called with the number of architectures scored and the number asked for."""

CHEAP_CHUNK = 64
"""Architectures in one call where no network is run, so that the call itself costs little."""


def evaluate(
    setup: Setup,
    architectures: Mapping[str, str],
    store: ScoreStore,
    context: ScoreContext,
    executor: Executor,
    *,
    chunk: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
) -> int:
    """Score the architectures that the store lacks and store each score as it arrives.

    Scores are computed with as many torch threads wherever they are, so they do not depend on the
    executor.

    Args:
        setup: Makes the prepared predictor, once in each process that scores.
        architectures: Text by key; architectures with one key share one score.
        store: Where scores are looked up and put.
        context: What the scores depend on besides the architecture.
        executor: Any executor; an object with ``submit`` whose futures have ``done`` and
            ``result`` is enough.
        chunk: Architectures in one call.
        threads: Threads of torch in each process.
        progress: Told how far it is.

    Returns:
        The number of scores computed.

    Raises:
        ProxyDataError: A setting or an image does not fit, or one worker after the other died; all
            scores that arrived before are stored.
    """
    stored = store.keys(context)
    missing = [key for key in architectures if key not in stored]
    done = len(architectures) - len(missing)
    if progress is not None:
        progress(done, len(architectures))
    chunks = (missing[start : start + chunk] for start in range(0, len(missing), chunk))
    calls = ((keys, (setup, [architectures[key] for key in keys], threads)) for keys in chunks)
    together = calls_together(executor, chunk)
    for keys, scores in completed(executor, score_chunk, calls, _lost, together=together):
        store.add(context, dict(zip(keys, scores, strict=True)))
        done += len(keys)
        if progress is not None:
            progress(done, len(architectures))
    return len(missing)


def score_chunk(setup: Setup, texts: Sequence[str], threads: int = 1) -> list[Score]:
    """Score some architectures in whichever process this is."""
    with threads_used(threads):
        predictor = _prepared(setup)
        if len(texts) > 1 and predictor.together(predictor.task) > 1:
            score_begins()  # a time limit is that of all of them
            parsed = [predictor.task.space.parse(text) for text in texts]
            return [_sound(score) for score in predictor.score_many(parsed)]
        return [_scored(predictor, text) for text in texts]


def lost_score(lost: LostCallError) -> Score:
    """Return the score of an architecture whose worker was lost; the next run tries it again.

    A time limit is transient too: it depends on the machine and on what else runs there.
    """
    return Score(math.nan, str(lost), lost.seconds, transient=True)


def _lost(lost: LostCallError, keys: Sequence[str]) -> list[Score]:
    return [lost_score(lost) for _ in keys]


def _scored(predictor: Predictor[Any], text: str) -> Score:
    score_begins()
    return _sound(predictor.score_one(predictor.task.space.parse(text)))


@lru_cache(maxsize=1)
def _prepared(setup: Setup) -> Predictor[Any]:
    """Make the predictor of a process; the one before is let go, to keep memory flat."""
    return setup()


def _sound(score: Score) -> Score:
    """Return the score, failed where it overflowed or no store can keep what it is made of.

    +inf would rank first for no reason.
    """
    try:
        json.dumps(dict(score.details))
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"its details are no plain data ({error}); numbers, texts, lists and dicts are"
        return replace(score, value=math.nan, reason=reason, details={})
    if score.value != math.inf:
        return score
    return replace(score, value=math.nan, reason=score.reason or "the score overflowed")
