"""Scorers that look at a model trained on the dataset itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from naslib_proxydata.selection.scorers.base import Scorer

if TYPE_CHECKING:
    from naslib_proxydata.selection.scorers.context import ScoringContext


class TrainedModelScorer(Scorer):
    """Needs labels, and a classifier that learns them: ResNet-20 where the user names none.

    Attributes:
        early: Whether the model of the recipe's early epoch is used, not the final one.
    """

    own_model = "resnet20"
    needs_labels = True
    early: ClassVar[bool] = False

    def training_accuracy(self, context: ScoringContext) -> float | None:
        """Return what the model reached in the last epoch before it was used, in percent."""
        if context.pretrained is not None:
            return None
        return context.training_accuracy(self.model(context), self.early)
