"""The parts of first-order DARTS (arXiv 1806.09055), which every strategy has unless it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from naslib_proxydata.oneshot.gradients import gradients_of, set_gradients
from naslib_proxydata.oneshot.mixture import Mixture, masked_softmax

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.moment import Moment
    from naslib_proxydata.oneshot.steps import TrainableState


@dataclass(frozen=True)
class Softmax:
    """w_{e,o} = exp(alpha_{e,o}) / sum_o' exp(alpha_{e,o'})  (arXiv 1806.09055, eq. 2)."""

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Weigh every allowed candidate."""
        return Mixture(masked_softmax(alpha, allowed))

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return the same weights."""
        return masked_softmax(alpha, allowed)


@dataclass(frozen=True)
class FirstOrder:
    """grad_alpha L_val(w, alpha): the weights are taken to be optimal (eq. 6 with xi = 0)."""

    def gradients(
        self,
        learner: TrainableState,
        weights_batch: Batch,
        architecture_batch: Batch,
        moment: Moment,
    ) -> tuple[Tensor, Tensor]:
        """Set alpha's gradient from the architecture batch alone."""
        loss, logits = learner.loss(architecture_batch, learner.mixtures(moment))
        parameters = learner.architecture_parameters
        total = learner.scaled(loss + learner.penalty(moment))
        set_gradients(parameters, gradients_of(total, parameters))
        return loss.detach(), logits.detach()
