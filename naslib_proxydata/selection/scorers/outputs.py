"""Scores that are a formula on a trained model's outputs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.inference import score_outputs
from naslib_proxydata.selection.scorers.trained import TrainedModelScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.selection.scorers.context import ScoringContext


class OutputScorer(TrainedModelScorer):
    """Trains a model on the dataset and applies a formula to its outputs, example by example.

    Attributes:
        early: Whether the model of the recipe's early epoch is used, not the final one.
    """

    early: ClassVar[bool] = False

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train or reuse the model; then one forward pass in eval mode, not augmented."""
        trained = context.trained(self.model(context), self.early)
        return score_outputs(
            trained.model, context.dataset, self.formula, context.device, context.scoring_pass
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

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return margins in [0, 1]."""
        return formulas.margin(logits)


class LossScorer(OutputScorer):
    """Cross-entropy loss, in nats."""

    name = "loss"

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return losses in nats."""
        return formulas.cross_entropy(logits, labels)


class EL2NScorer(OutputScorer):
    """Norm of the error vector early in training (arXiv 2107.07075), of one model.

    That paper averages ten models; average the arrays of ten seeds for the same.
    """

    name = "el2n"
    early = True

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return error norms in [0, sqrt(2)]."""
        return formulas.error_norm(logits, labels)
