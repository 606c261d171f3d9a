"""Scores of architectures by a predictor, each computed once and kept in a store."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any

from naslib_proxydata.code import code_version
from naslib_proxydata.errors import printable
from naslib_proxydata.runs.evaluate import CHEAP_CHUNK, evaluate
from naslib_proxydata.runs.executors import Progress, SerialExecutor
from naslib_proxydata.runs.setup import PredictorSetup, options_json
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

if TYPE_CHECKING:
    from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask


_LONGEST_REASON = 200  # characters of it that are told

_log = logging.getLogger(__name__)


class StoredScores:
    """Computes the scores that a store lacks.

    Args:
        store: Where scores are looked up and put.
        executor: Where predictors that run networks are evaluated.
        progress: Told how far each predictor is.

    Attributes:
        computed: Number of scores computed; the others were in the store.
    """

    def __init__(
        self, store: ScoreStore, executor: Executor, progress: Progress | None = None
    ) -> None:
        self.store = store
        self.executor = executor
        self.progress = progress
        self.computed = 0

    def get(
        self, setup: PredictorSetup, predictor: Predictor[Any], texts: Sequence[str], title: str
    ) -> list[Score]:
        """Return the scores of architectures, computing those that are not stored.

        The parts of a predictor are stored as scores of their own, which others share.

        Args:
            setup: Makes the predictor in the processes that score.
            predictor: The same, in this process, in whatever state.
            texts: The architectures.
            title: What the progress is called.
        """
        parts = predictor.parts()
        if parts:
            found = {}
            for name, options in parts.items():
                part = setup.of(name, options_json(name, options))
                found[name] = self.get(part, part.create(), texts, f"{title}: {name}")
            every = zip(*found.values(), strict=True)
            return [predictor.combine(dict(zip(found, scores, strict=True))) for scores in every]
        task = setup.task(predictor)
        context = _context(predictor, task, setup)
        keys = _keys(predictor, task, texts)
        wanted: dict[str, str] = {}  # in this order, so that a run cut short has the first ones
        for key, text in zip(keys, texts, strict=True):
            wanted.setdefault(key, text)
        self.computed += evaluate(
            setup,
            wanted,
            self.store,
            context,
            self.executor if predictor.needs_network else SerialExecutor(),
            chunk=predictor.together(task) if predictor.needs_network else CHEAP_CHUNK,
            threads=setup.threads,
            progress=None if self.progress is None else partial(self.progress, title),
        )
        by_key = self.store.get(context, keys)
        return [by_key[key] for key in keys]


def told_transient(store: ScoreStore) -> str:
    """Tell in the log how many scores failed transiently, and return the same as a sentence.

    Returns:
        An empty text where none did.
    """
    failed = store.transient()
    if not failed:
        return ""
    reason = printable(" ".join(failed[0].reason.split()))[:_LONGEST_REASON]
    many = "1 score" if len(failed) == 1 else f"{len(failed):,} scores"
    sentence = (
        f"{many} failed for a cause that may pass ({reason}): failed in these results, not stored "
        "as such, and tried again when the same is run again."
    )
    _log.warning(sentence)
    return sentence


def _context(
    predictor: Predictor[Any], task: ScoringTask[Any], setup: PredictorSetup
) -> ScoreContext:
    """Return what the scores depend on besides the architecture."""
    return ScoreContext(
        space=setup.space,
        predictor=setup.predictor,
        settings=json.dumps(dict(predictor.settings()), sort_keys=True, default=str),
        seed=setup.seed,
        images=task.images.fingerprint,
        image_size=task.space.image_size,
        num_classes=task.num_classes,
        device=scored_on(setup),
        code=code_version(type(predictor), type(task.space)),
    )


def scored_on(setup: PredictorSetup) -> str:
    """Return what of the device a score depends on: its kind, and the threads beyond one."""
    kind = setup.device.partition(":")[0]
    return kind if setup.threads == 1 else f"{kind}, {setup.threads} threads"


def _keys(predictor: Predictor[Any], task: ScoringTask[Any], texts: Sequence[str]) -> list[str]:
    """Return the store's key of each architecture: one for all that share a score."""
    if predictor.sees == "raw":
        return list(texts)
    return [task.space.hash(task.space.parse(text)) for text in texts]
