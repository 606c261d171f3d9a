"""A few labelled architectures, described by their structure alone, and all others ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from naslib_proxydata.errors import unknown_name
from naslib_proxydata.predictors.base import Distribution, LearningPredictor, Score
from naslib_proxydata.predictors.few_label.features import structure_features
from naslib_proxydata.predictors.few_label.models import (
    MODELS,
    Features,
    normal_scores,
    rank_average,
    standardiser,
)
from naslib_proxydata.predictors.few_label.posterior import (
    gaussian_process_draws,
    gaussian_process_posterior,
)
from naslib_proxydata.predictors.labels import checked_labels
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture

Floats = NDArray[np.float64]

GAUSSIAN_PROCESS = "gaussian_process"
NO_SIGNAL = "the output does not depend on the input"
SIZE = "size"
"""The kind of structural features that are log parameters and log multiply-accumulates."""


class FewLabelSettings(Settings):
    """Options of few-label-structure.

    Attributes:
        models: Of ``gaussian_process``, ``ridge`` and ``forest`` those whose predictions are
            averaged by rank.
        learns: Whether labels are used where there are any; otherwise the ranking is the one
            without labels.
    """

    models: tuple[str, ...] = Field((GAUSSIAN_PROCESS,), min_length=1)
    learns: bool = True

    @field_validator("models")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in MODELS:
                raise ValueError(unknown_name("model", name, MODELS))
        return names


class FewLabelStructure(LearningPredictor[Architecture]):
    """Regression from the structure of labelled architectures to the ranks of their accuracies.

    Features are those of :mod:`structure` (arXiv 2404.16551) and the logarithms of parameters
    and multiply-accumulates, all of the canonical architecture: equal functions are one. They are
    standardised over all architectures that are ranked together, labelled or not, and each kind
    of them weighs as much as another. The targets are the normal scores of the labels. The models
    are regularised, so there may be fewer labels than features. That a Gaussian process alone is
    the default, and the weights, were chosen on NAS-Bench-201 CIFAR-10.

    Without labels it ranks by multiply-accumulates.
    """

    name = "few-label-structure"
    needs_network = False
    settings_type: ClassVar[type[FewLabelSettings]] = FewLabelSettings

    def __init__(self, **options: Any) -> None:
        self.options = self.settings_type.parse(options, f"predictor {self.name!r}")
        self._known: list[Score] = []
        self._targets: Floats = np.zeros(0)
        self._alone: Callable[[Sequence[Score]], list[Floats]] | None = None

    def settings(self) -> Mapping[str, Any]:
        """Return nothing: what is stored of an architecture depends on no option."""
        return {}

    def evaluate(self, architecture: Architecture) -> Score:
        """Describe an architecture; the value is what the labels say of it, without others."""
        score = self.described(architecture)
        return self.valued(score) if math.isfinite(score.value) else score

    def described(self, architecture: Architecture) -> Score:
        """Return all that can be learnt from as details; the value is log multiply-accumulates."""
        space = self.task.space
        kinds = structure_features(space.graph_view(architecture))
        macs = float(space.macs(architecture, num_classes=self.task.num_classes))
        params = float(space.params(architecture, num_classes=self.task.num_classes))
        structure = {kind: list(features.values()) for kind, features in kinds.items()}
        structure[SIZE] = [math.log(max(params, 1.0)), math.log(max(macs, 1.0))]
        score = Score(structure[SIZE][-1], details={"structure": structure})
        if not space.carries_signal(architecture):
            return Score(-math.inf, NO_SIGNAL, details=score.details)
        return score

    def fit(self, scores: Sequence[Score], accuracies: NDArray[np.float64]) -> None:
        """Fit the models to the labelled architectures that could be scored.

        Raises:
            LabelError: See :func:`checked_labels`.
        """
        if not self.options.learns:
            return
        usable = [math.isfinite(score.value) for score in scores]
        labels = checked_labels(accuracies, usable, f"predictor {self.name!r}")
        self._known = [score for score, known in zip(scores, usable, strict=True) if known]
        self._targets = normal_scores(labels)
        self._alone = None

    def score(self, architectures: Sequence[Architecture]) -> NDArray[np.float64]:
        """Score architectures and rank them together; shape (len(architectures),)."""
        return self.aggregate([self.score_one(architecture) for architecture in architectures])

    def aggregate(self, scores: Sequence[Score]) -> NDArray[np.float64]:
        """Rank by what was learnt, features standardised over all these and the labelled."""
        values = np.array([score.value for score in scores], dtype=np.float64)
        ranked = np.flatnonzero(np.isfinite(values))
        if len(ranked) == 0:
            return values
        chosen = [scores[int(index)] for index in ranked]
        if not self._known:
            values[ranked] = self.without_labels(chosen)
            return values
        values[ranked] = self.with_labels(chosen)
        return values

    @property
    def knows_uncertainty(self) -> bool:
        """Whether a Gaussian process is among the models."""
        return self.options.learns and GAUSSIAN_PROCESS in self.options.models

    def distribution(self, scores: Sequence[Score]) -> Distribution | None:
        """Return the posterior of the Gaussian process; None where it is no model, or untaught."""
        if not self._known or not self.knows_uncertainty:
            return None
        ranked = [score for score in scores if math.isfinite(score.value)]
        mean, deviation = np.full(len(scores), math.nan), np.full(len(scores), math.nan)
        if ranked:
            scale = self.scaling([*self._known, *ranked])
            found = gaussian_process_posterior(scale(self._known), self._targets)(scale(ranked))
            places = [place for place, score in enumerate(scores) if math.isfinite(score.value)]
            mean[places], deviation[places] = found
        return Distribution(mean, deviation)

    def draw(
        self, scores: Sequence[Score], count: int, generator: np.random.Generator
    ) -> Floats | None:
        """Draw values jointly from the posterior; None where :meth:`distribution` is."""
        if not self._known or not self.knows_uncertainty:
            return None
        places = [place for place, score in enumerate(scores) if math.isfinite(score.value)]
        drawn = np.full((count, len(scores)), math.nan)
        if places:
            ranked = [scores[place] for place in places]
            scale = self.scaling([*self._known, *ranked])
            drawn[:, places] = gaussian_process_draws(
                scale(self._known), self._targets, scale(ranked), count, generator
            )
        return drawn

    def scaling(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], Features]:
        """Return the map from scores to features, each kind scaled over a reference."""
        scales = {kind: standardiser(values) for kind, values in features_of(reference).items()}

        def scale(scores: Sequence[Score]) -> Features:
            found = features_of(scores)
            none = np.zeros((len(scores), 0))
            structure = np.hstack([scales[kind](found[kind]) for kind in scales])
            return Features(structure, proxies=none, aggregate=none)

        return scale

    def with_labels(self, scores: Sequence[Score]) -> Floats:
        """Rank by what was learnt, features scaled over these and the labelled; shape (n,)."""
        return rank_average(self._fitted([*self._known, *scores])(scores))

    def without_labels(self, scores: Sequence[Score]) -> Floats:
        """Rank where nothing was learnt, shape (n,)."""
        return log_macs(scores)

    def valued(self, score: Score) -> Score:
        """Give a described architecture a value that depends on no other but the labelled."""
        if not self._known:
            return score
        if self._alone is None:
            self._alone = self._fitted(self._known)
        return replace(score, value=float(np.mean(self._alone([score]))))

    def _fitted(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], list[Floats]]:
        """Fit the models, features scaled over a reference; return what they predict."""
        scale = self.scaling(reference)
        known = scale(self._known)
        models = [MODELS[name](known, self._targets) for name in self.options.models]
        return lambda scores: [predict(scale(scores)) for predict in models]


def features_of(scores: Sequence[Score], which: str = "structure") -> dict[str, Floats]:
    """Return the features of a detail as they are, by kind, each of shape (n, d of the kind)."""
    kinds = scores[0].details[which]
    return {
        kind: np.array([score.details[which][kind] for score in scores], dtype=np.float64)
        for kind in kinds
    }


def log_macs(scores: Sequence[Score]) -> Floats:
    """Return the logarithm of the multiply-accumulates, shape (n,)."""
    return np.array([score.details["structure"][SIZE][-1] for score in scores], dtype=np.float64)
