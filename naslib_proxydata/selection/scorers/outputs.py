"""Scores that are a formula on a trained model's outputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import derive_seed
from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.inference import score_outputs
from naslib_proxydata.selection.scorers.trained import TrainedModelScorer
from naslib_proxydata.summation import ordered_sum

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
    """Norm of the error vector early in training, the mean of several models (arXiv 2107.07075).

    That paper averages ten models after 10 to 20 epochs; arXiv 2312.14200, section 3.2.2, speaks of
    five. Here one model is the default, since each costs a training run: the first has the seed of
    the run, so that its scores are those of a single one, and the others seeds derived from it.

    Args:
        runs: Number of models.

    Raises:
        SelectionError: The number is below 1.
    """

    name = "el2n"
    uses_labels = True
    early = True

    def __init__(self, runs: int = 1) -> None:
        if type(runs) is not int or runs < 1:
            raise SelectionError(
                f"scorer 'el2n' averages a whole number of runs from 1 on, got {runs!r}"
            )
        self._runs = runs

    def settings(self) -> Mapping[str, Any]:
        """Return the number of models, where there are several."""
        return {} if self._runs == 1 else {"runs": self._runs}

    def check(self, context: ScoringContext) -> None:
        """Refuse several runs of a model that is not trained here, beside what is always refused.

        Raises:
            SelectionError: See above.
        """
        super().check(context)
        if context.pretrained is not None and self._runs > 1:
            raise SelectionError(
                f"scorer 'el2n' cannot average {self._runs} runs of one given model, which is "
                "always the same; leave out runs, or the weights"
            )

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Return the mean of the scores of every run's model, shape (n,)."""
        total = super().compute(context)
        for seed in self._further_seeds(context):
            # A pass keeps what is done in a folder that knows no seeds, so further ones keep none.
            total = total + super().compute(replace(context, seed=seed, kept=None))
        return total / self._runs

    def training_accuracy(self, context: ScoringContext) -> float | None:
        """Return the mean of what the models reached, in percent."""
        contexts = [context, *(replace(context, seed=one) for one in self._further_seeds(context))]
        reached = [super(EL2NScorer, self).training_accuracy(one) for one in contexts]
        known = [one for one in reached if one is not None]
        return ordered_sum(known) / len(known) if len(known) == len(reached) else None

    def _further_seeds(self, context: ScoringContext) -> list[int]:
        return [derive_seed(context.seed, "el2n", run) for run in range(1, self._runs)]

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return error norms in [0, sqrt(2)]."""
        return formulas.error_norm(logits, labels)
