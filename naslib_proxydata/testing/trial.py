"""A search without a network, to call the hooks of pruners and observers with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, WeightedExamples
from naslib_proxydata.oneshot.answers import as_kept, as_weighted
from naslib_proxydata.oneshot.examples import copied
from naslib_proxydata.plugins import Acting, Provider
from naslib_proxydata.seeding import numpy_generator, torch_generator

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

PROVIDER = Provider("contract", "the contract")
CELL = "a cell"


@contextmanager
def refused(what: str) -> Iterator[None]:
    """Turn an error that a search would stop with into a failed test."""
    try:
        yield
    except ProxyDataError as error:
        pytest.fail(f"{what}: {error}")


@dataclass
class Trial:
    """A search of made-up outputs, which grow more certain with every epoch.

    Attributes:
        actor: What is called.
        epochs: Number of epochs.
        classes: Number of classes.
        per_level: Number of examples of each level; the dataset has twice as many.
        seed: Seed of the search, not of the outputs.
        folder: The run folder, if there is one.
        active: The examples in use, by level.
        kept: The examples in use after each epoch, by level.
        weighted: What the actor answered to ``weigh_examples`` in each epoch, by level.
        answers: What it answered to the hooks that only look.
    """

    actor: object
    epochs: int = 12
    classes: int = 4
    per_level: int = 60
    seed: int = 0
    folder: Path | None = None
    active: dict[Level, Indices] = field(init=False)
    kept: list[dict[Level, Indices]] = field(init=False, default_factory=list)
    weighted: list[dict[Level, WeightedExamples]] = field(init=False, default_factory=list)
    answers: list[Any] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        count = 2 * self.per_level
        self.labels = np.arange(count, dtype=np.int64) % self.classes
        self.pool = {
            level: np.arange(start, count, 2, dtype=np.int64) for start, level in enumerate(LEVELS)
        }
        self.active = {level: indices.copy() for level, indices in self.pool.items()}
        self.acting = Acting()
        self.acting.add("contract", self.actor, PROVIDER)

    def start(self, *, labelled: bool = True) -> None:
        """Fire ``search_started`` and ``prune_at_start``, on data with or without labels."""
        info = SearchInfo(
            "contract",
            "contract",
            self.epochs,
            dict.fromkeys(LEVELS, self.per_level),
            self.labels if labelled else None,
            {"weights_lr": 0.025},
            self.seed,
            self.folder,
        )
        self.answers += self.acting.hook.search_started(info=info)
        self.pool = {level: self._prune(level, "prune_at_start") for level in LEVELS}
        self.active = {level: indices.copy() for level, indices in self.pool.items()}

    def run(self, first: int = 1, last: int | None = None) -> None:
        """Run the epochs from ``first`` to ``last``, the end of the search where None."""
        for epoch in range(first, (last or self.epochs) + 1):
            self._epoch(epoch)

    def finish(self) -> None:
        """Fire ``search_finished``."""
        self.answers += self.acting.hook.search_finished(cell=CELL, folder=self.folder)

    def _epoch(self, epoch: int) -> None:
        weighted = self._weigh(epoch)
        for level in LEVELS:
            examples = weighted[level].indices if level in weighted else self.active[level]
            self._batches(level, epoch, examples)
        self._look_at_epoch(epoch)
        self.active = {level: self._prune(level, "prune_examples", epoch=epoch) for level in LEVELS}
        self.kept.append(dict(self.active))
        self.weighted.append(weighted)

    def _weigh(self, epoch: int) -> dict[Level, WeightedExamples]:
        given = [copied(self.pool), copied(self.active)]
        outputs = self.outputs(epoch)
        found: dict[Level, WeightedExamples] = {}
        for _, answer in self.acting.answers(
            "weigh_examples",
            epoch=epoch,
            pool=given[0],
            active=given[1],
            predict=lambda indices: outputs[np.asarray(indices)],
        ):
            found = as_weighted(answer, self.pool, "weigh_examples")
        self._untouched(given, [self.pool, self.active], "weigh_examples")
        return found

    def _prune(self, level: Level, hook: str, **asked: int) -> Indices:
        before, given = self.active[level], self.active[level].copy()
        kept = before
        for _, answer in self.acting.answers(hook, level=level, active=given, **asked):
            kept = np.unique(as_kept(answer, before, hook))
        self._untouched([{level: given}], [{level: before}], hook)
        return kept

    def _batches(self, level: Level, epoch: int, examples: Indices) -> None:
        import torch

        outputs = self.outputs(epoch)
        order = numpy_generator(0, "contract", "order", level, epoch).permutation(examples)
        for indices in np.array_split(order, max(1, len(order) // 16)):
            probabilities, targets = outputs[indices], torch.from_numpy(self.labels[indices])
            given = indices.copy(), probabilities.clone(), targets.clone()
            self.answers += self.acting.hook.batch_finished(
                level=level,
                epoch=epoch,
                indices=given[0],
                probabilities=given[1],
                targets=given[2],
            )
            same = (
                np.array_equal(given[0], indices),
                torch.equal(given[1], probabilities),
                torch.equal(given[2], targets),
            )
            assert all(same), "batch_finished wrote to its inputs"

    def _look_at_epoch(self, epoch: int) -> None:
        metrics = {
            "weights_loss": 1 / epoch,
            "architecture_loss": 1 / epoch,
            "weights_accuracy": 50.0,
            "architecture_accuracy": 50.0,
            "seconds": 1.0,
        }
        given = dict(metrics)
        self.answers += self.acting.hook.epoch_finished(epoch=epoch, metrics=given, cell=CELL)
        assert given == metrics, "epoch_finished wrote to its inputs"

    def outputs(self, epoch: int) -> torch.Tensor:
        """Return the softmax outputs of all examples in an epoch, shape (n, classes)."""
        import torch

        generator = torch_generator(0, "contract", "outputs", epoch)
        logits = torch.randn(len(self.labels), self.classes, generator=generator)
        # Every example grows more certain, each at a pace of its own.
        pace = torch.linspace(-0.2, 0.6, len(self.labels))
        logits[torch.arange(len(logits)), torch.from_numpy(self.labels)] += epoch * pace
        return logits.softmax(1)

    @staticmethod
    def _untouched(
        given: list[dict[Level, Indices]], expected: list[dict[Level, Indices]], hook: str
    ) -> None:
        for mine, theirs in zip(given, expected, strict=True):
            same = mine.keys() == theirs.keys() and all(
                np.array_equal(mine[level], theirs[level]) for level in theirs
            )
            assert same, f"{hook} wrote to its inputs"


def plain(trial: Trial) -> list[Mapping[str, Any]]:
    """Return what a trial kept and weighed in each epoch, to compare two."""
    return [
        {
            "kept": {level: one.tolist() for level, one in kept.items()},
            "weighed": {
                level: (one.indices.tolist(), one.weights.tolist()) for level, one in by.items()
            },
        }
        for kept, by in zip(trial.kept, trial.weighted, strict=True)
    ]
