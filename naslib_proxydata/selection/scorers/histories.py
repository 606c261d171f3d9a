"""Scores from the history of a training run, and features from its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.selection.scorers.inference import penultimate_features
from naslib_proxydata.selection.scorers.trained import TrainedModelScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.selection.scorers.context import ScoringContext


class ForgettingScorer(TrainedModelScorer):
    """Forgetting events over the whole training run (arXiv 1812.05159)."""

    name = "forgetting"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train or reuse the model and read its history."""
        return context.trained(self.model(context)).forgetting.scores()


class FeatureScorer(TrainedModelScorer):
    """The input of the trained model's last linear layer."""

    name = "features"
    gives = "features"

    def compute(self, context: ScoringContext) -> NDArray[np.float32]:
        """Train or reuse the model; then one forward pass in eval mode."""
        trained = context.trained(self.model(context))
        return penultimate_features(
            trained.model, context.dataset, context.device, context.scoring_pass
        )
