"""A predictor as the fitness of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

import numpy as np

from naslib_proxydata.evolution.base import Individuals
from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.spaces.base import Architecture


class PredictedFitness(Generic[Architecture]):
    """Ranks the architectures of a search together, by what a predictor says of each.

    Scores belong to architectures and are taken from ``scores``, once each; what is ranked is
    the predictor's aggregate of them over all of these, after what it has learnt.

    Args:
        predictor: Prepared.
        scores: The predictor's scores of architectures, before it has learnt anything.
    """

    def __init__(
        self,
        predictor: Predictor,
        scores: Callable[[Sequence[Architecture]], Sequence[Score]],
    ) -> None:
        self.predictor = predictor
        self._compute = scores
        self._scores: dict[Architecture, Score] = {}
        self._learnt = False

    @property
    def learns(self) -> bool:
        """Whether the predictor does anything with labelled architectures."""
        return self._overrides("learn") or self._overrides("fit")

    def learn(self, architectures: Sequence[Architecture], values: Sequence[float]) -> None:
        """Let the predictor learn from all that is known, and from that alone.

        Raises:
            LabelError: The labels are too few or all alike.
        """
        labels = np.array(values, dtype=np.float64)
        if self._overrides("learn"):
            self.predictor.learn(self._scored(architectures), labels)
        else:
            self.predictor.fit(architectures, labels)
        self._learnt = True

    def of(self, individuals: Individuals[Architecture]) -> dict[str, float]:
        """Return the fitness of individuals by key; failed scores and no signal are -inf."""
        architectures = list(individuals.values())
        if self._learnt and not self._overrides("learn"):
            values = self.predictor.score(architectures)  # all of its scores changed
        else:
            values = self.predictor.aggregate(self._scored(architectures))
        values = np.where(np.isnan(values), -np.inf, values)
        return dict(zip(individuals, values.tolist(), strict=True))

    def _scored(self, architectures: Sequence[Architecture]) -> list[Score]:
        missing = [one for one in dict.fromkeys(architectures) if one not in self._scores]
        if missing:
            self._scores.update(zip(missing, self._compute(missing), strict=True))
        return [self._scores[one] for one in architectures]

    def _overrides(self, method: str) -> bool:
        return getattr(type(self.predictor), method) is not getattr(Predictor, method)
