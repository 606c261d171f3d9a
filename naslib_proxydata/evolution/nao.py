"""NAO: architectures are improved in a continuous space (arXiv 1808.07233, algorithm 1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import Field

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.evolution.base import MOST_MUTATIONS, Fitness, Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.notation import Notation
from naslib_proxydata.evolution.sequence_model import (
    SequenceModel,
    Sizes,
    Training,
    ascend,
    slopes,
    train,
)
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

FEWEST = 4
"""Architectures with a finite value that are learnt from; below, draws are random."""


class NaoSettings(Settings):
    """The options of NAO; where the paper and its release need hours, they are smaller here."""

    population: int = Field(
        50, ge=2, description="Random architectures to begin with (the paper's are 600)."
    )
    new: int | None = Field(
        None,
        ge=1,
        description="Architectures of a round, after which the model learns anew (the release's "
        "are 300); null for 10 where each costs a query, and for as many as the population where "
        "a predictor evaluates them.",
    )
    improved: int = Field(
        100, ge=1, description="How many of the best known ones are improved (the release's)."
    )
    step: float = Field(
        1.0, gt=0, description="Step size of the ascent (NAO_pytorch's; the paper's is 10)."
    )
    most_steps: int = Field(
        50,
        ge=1,
        description="Ascents by once, twice, ... the step size, at most, until enough new "
        "architectures are decoded (NAO_pytorch's).",
    )
    embedding: int = Field(32, ge=1, description="Numbers for a symbol (the paper's).")
    hidden: int = Field(96, ge=1, description="Width of encoder and decoder (the paper's).")
    dropout: float = Field(0.1, ge=0, lt=1, description="Of the embeddings (the release's).")
    epochs: int = Field(200, ge=1, description="Epochs of a round (the paper's are 1000).")
    batch: int = Field(100, ge=1, description="Architectures of a step (NAO_pytorch's).")
    learning_rate: float = Field(
        0.006,
        gt=0,
        description="Of Adam (the paper's is 0.001, with some 50 times as many steps).",
    )
    weight_decay: float = Field(1e-4, ge=0, description="Of Adam (the release's).")
    trade_off: float = Field(
        0.9,
        ge=0,
        le=1,
        description="Share of the prediction in the loss, beside the reconstruction (the paper's; "
        "its release has 0.8).",
    )


class Nao(Optimizer[Architecture]):
    """Learns to encode, predict and decode what is known, and climbs the predicted value.

    The first ``population`` is random. Then, round by round, an encoder, a predictor and a decoder
    learn from all that has a finite value; the codes of the best ``improved`` architectures are
    moved along the gradient of the predicted value and decoded. Texts that are no architecture of
    the domain, or a known one, are dropped; the step grows until there are ``new`` architectures.
    What is still missing then is drawn at random, as some of each round are in the release
    (renqianluo/NAO, ``NAO-WS/cnn/train_search.py``).

    An architecture is the row of symbols of its text; see
    :class:`~naslib_proxydata.evolution.notation.Notation`. The paper also trains on rows that mean
    the same architecture; spaces do not tell such symmetries. As in the release, weights go on from
    round to round, here while no further symbols or places have come up.

    Args:
        options: See :class:`NaoSettings`.
    """

    name = "nao"

    def __init__(self, **options: Any) -> None:
        self.options = NaoSettings.parse(options, "optimizer 'nao'")
        self._training = Training(
            self.options.epochs,
            self.options.batch,
            self.options.learning_rate,
            self.options.weight_decay,
            self.options.trade_off,
        )

    def settings(self) -> Mapping[str, Any]:
        """Return its options."""
        return self.options.model_dump()

    def begin(
        self,
        domain: Domain[Architecture],
        generator: Generator,
        start: Sequence[Architecture] = (),
        *,
        batched: bool = False,
    ) -> None:
        """Begin with nothing known."""
        super().begin(domain, generator, start, batched=batched)
        self._proposed: dict[str, Architecture] = {}
        self._learnt = 0
        self._model: SequenceModel | None = None
        self._written: tuple[list[str], list[int]] = ([], [])

    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return the first population, then what the ascents of a round lead to."""
        if not self._proposed:
            proposed = self.initial(self.options.population)
        else:
            proposed = self._improved(fitness)[: self._new()]
            missing = self._new() - len(proposed)
            proposed += [self._draw(fitness) for _ in range(missing)]
        for architecture in proposed:
            self._proposed.setdefault(self.domain.key(architecture), architecture)
        return proposed

    def _new(self) -> int:
        return self.options.new or (self.options.population if self.batched else 10)

    def _draw(self, fitness: Fitness) -> Architecture:
        """Draw at random, and again while it is known."""
        for _ in range(MOST_MUTATIONS):
            drawn = self.domain.sample(self.generator)
            if self.domain.key(drawn) not in fitness:
                break
        return drawn

    def _improved(self, fitness: Fitness) -> list[Architecture]:
        """Return new architectures that ascents lead to, those of the smallest steps first."""
        if len(self._proposed) == self._learnt:  # the last round knew as much, and found nothing
            return []
        self._learnt = len(self._proposed)
        known = {key: one for key, one in self._proposed.items() if math.isfinite(fitness[key])}
        values = np.array([fitness[key] for key in known])
        if len(known) < FEWEST or np.ptp(values) == 0:
            return []
        texts = [self.domain.space.text(one) for one in known.values()]
        found: dict[str, Architecture] = {}
        for decoded in self._ascents(texts, values):
            for architecture in self._parsed(decoded):
                key = self.domain.key(architecture)
                if key not in fitness:
                    found.setdefault(key, architecture)
            if len(found) >= self._new():
                break
        return list(found.values())

    def _ascents(
        self, texts: Sequence[str], values: NDArray[np.float64]
    ) -> Iterator[Sequence[str]]:
        """Learn texts and their values, and yield what the best are decoded to, step by step.

        Every step starts from the codes of the best, and is a multiple of ``step``.
        """
        notation = Notation(texts)
        rows = torch.from_numpy(notation.write(texts))
        model = self._model_of(notation)
        train(model, rows, torch.from_numpy(ranked_values(values)), self._training)
        best = np.argsort(-values, kind="stable")[: self.options.improved]
        codes = model.encode(rows[torch.from_numpy(best)]).detach()
        gradient = slopes(model, codes)
        for times in range(1, self.options.most_steps + 1):
            moved = ascend(codes, gradient, times * self.options.step)
            yield notation.read(model.decode(moved).numpy())

    def _model_of(self, notation: Notation) -> SequenceModel:
        """Return the model of the last round, or a new one where rows are no longer the same."""
        written = (notation.symbols, notation.places)
        allowed = torch.from_numpy(notation.allowed)
        if self._model is None or self._written != written:
            generator = torch.Generator().manual_seed(int(self.generator.integers(2**63)))
            options = self.options
            sizes = Sizes(options.embedding, options.hidden, options.dropout)
            self._model, self._written = SequenceModel(allowed, sizes, generator), written
        self._model.allowed = allowed
        return self._model

    def _parsed(self, texts: Sequence[str]) -> Iterator[Architecture]:
        """Yield the architectures of the domain among texts."""
        for text in texts:
            try:
                architecture = self.domain.space.parse(text)
            except ArchitectureError:
                continue
            if self.domain.allows(architecture):
                yield architecture


def ranked_values(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the ranks of values (n,), ties sharing theirs, from 0 for the least to 1.

    The release scales accuracies to this range (NAO_pytorch, ``NAO_V1/train_search.py``). Ranks are
    the same for every fitness that orders alike, and a few failed trainings do not crowd the others
    together. Not all values may be equal.
    """
    _, places = np.unique(values, return_inverse=True)
    return np.asarray(places / places.max(), dtype=np.float32)
