"""Scores from the history of a training run, and features from its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.selection.scorers.base import Scorer, Workplace
from naslib_proxydata.selection.scorers.inference import penultimate_features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ForgettingScorer(Scorer):
    """Forgetting events over the whole training run (arXiv 1812.05159)."""

    name = "forgetting"

    def compute(self, workplace: Workplace) -> NDArray[np.float64]:
        """Train or reuse the model and read its history."""
        return workplace.trained(self.model(workplace)).forgetting.scores()


class FeatureScorer(Scorer):
    """The input of the trained model's last linear layer."""

    name = "features"
    gives = "features"

    def compute(self, workplace: Workplace) -> NDArray[np.float32]:
        """Train or reuse the model; then one forward pass in eval mode."""
        trained = workplace.trained(self.model(workplace))
        return penultimate_features(trained.model, workplace.dataset, workplace.device)
