"""A predictor as the fitness of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.evolution.acquisition import Acquisition, TopTwoThompson
from naslib_proxydata.evolution.base import Individuals
from naslib_proxydata.predictors.base import LearningPredictor, Predictor, Score
from naslib_proxydata.predictors.few_label.models import normal_scores
from naslib_proxydata.spaces.base import Architecture


class PredictedFitness(Generic[Architecture]):
    """Ranks the architectures of a search together, by what a predictor says of each.

    Scores belong to architectures and are taken from ``scores``, once each; what is ranked is
    the predictor's aggregate of them over all of these, after what it has learnt.

    Args:
        predictor: Prepared.
        scores: The predictor's scores of architectures, before it has learnt anything.
        acquisition: What a query is worth by what is expected and how surely, or by joint draws;
            None to rank by the predictor's aggregate, as is also done before it has learnt.
    """

    def __init__(
        self,
        predictor: Predictor[Architecture],
        scores: Callable[[Sequence[Architecture]], Sequence[Score]],
        acquisition: Acquisition | TopTwoThompson | None = None,
    ) -> None:
        self.predictor = predictor
        self.acquisition = acquisition
        self._best = 0.0
        self._compute = scores
        self._scores: dict[Architecture, Score] = {}

    @property
    def learns(self) -> bool:
        """Whether the predictor learns from labelled architectures."""
        return isinstance(self.predictor, LearningPredictor)

    def learn(self, architectures: Sequence[Architecture], values: Sequence[float]) -> None:
        """Let the predictor learn from all that is known, and from that alone.

        One that does not learn is left as it is.

        Raises:
            LabelError: The labels are too few or all alike.
        """
        if isinstance(self.predictor, LearningPredictor):
            labels = np.array(values, dtype=np.float64)
            self.predictor.fit(self._scored(architectures), labels)
            self._best = float(normal_scores(labels).max())

    def of(self, individuals: Individuals[Architecture]) -> dict[str, float]:
        """Return the fitness of individuals by key; failed scores and no signal are -inf."""
        scores = self._scored(list(individuals.values()))
        values = self._worth(scores)
        if values is None:
            values = self.predictor.aggregate(scores)
        values = np.where(np.isnan(values), -np.inf, values)
        return dict(zip(individuals, values.tolist(), strict=True))

    def _worth(self, scores: Sequence[Score]) -> NDArray[np.float64] | None:
        """Return what the acquisition makes of what is expected; None where there is neither."""
        if self.acquisition is None or not isinstance(self.predictor, LearningPredictor):
            return None
        if isinstance(self.acquisition, TopTwoThompson):
            rule = self.acquisition
            drawn = self.predictor.draw(scores, rule.draws, rule.generator)
            return None if drawn is None else rule(drawn)
        expected = self.predictor.distribution(scores)
        return None if expected is None else self.acquisition(expected, self._best)

    def _scored(self, architectures: Sequence[Architecture]) -> list[Score]:
        missing = [one for one in dict.fromkeys(architectures) if one not in self._scores]
        if missing:
            self._scores.update(zip(missing, self._compute(missing), strict=True))
        return [self._scores[one] for one in architectures]
