"""Scores that are a formula on a trained model's outputs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.inference import score_outputs
from naslib_proxydata.selection.scorers.trained import TrainedModelScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.selection.scorers.context import ScoringContext


class OutputScorer(TrainedModelScorer):
    """Trains a model on the dataset, or takes a given one, and applies a formula to its outputs."""

    takes_pretrained = True

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train, reuse or take the model; then one forward pass in eval mode, not augmented."""
        model = context.classifier(self.model(context), self.early)
        return score_outputs(
            model, context.dataset, self.formula, context.device, context.scoring_pass
        )

    @abstractmethod
    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the scores of a batch, shape (n,)."""


class EntropyScorer(OutputScorer):
    """Entropy of the predicted probabilities, in nats (arXiv 2106.04784)."""

    name = "entropy"

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return entropies in nats."""
        return formulas.entropy(logits)


class MarginScorer(OutputScorer):
    """Probability of the likeliest class minus that of the second."""

    name = "margin"
    hardest = "lowest"

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return margins in [0, 1]."""
        return formulas.margin(logits)


class LossScorer(OutputScorer):
    """Cross-entropy loss, in nats."""

    name = "loss"
    uses_labels = True

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return losses in nats."""
        return formulas.cross_entropy(logits, labels)


class EL2NScorer(OutputScorer):
    """Norm of the error vector early in training (arXiv 2107.07075), of one model.

    That paper averages ten models; average the arrays of ten seeds for the same.
    """

    name = "el2n"
    uses_labels = True
    early = True

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return error norms in [0, sqrt(2)]."""
        return formulas.error_norm(logits, labels)
