"""DARTS, first and second order (arXiv 1806.09055)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.gradients import gradients_of, set_gradients
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.steps import TrainableState


@dataclass(frozen=True)
class SecondOrder:
    """grad_alpha L_val(w') - xi grad^2_{alpha,w} L_train(w) grad_w' L_val(w')  (eq. 7 and 8).

    w' = w - xi (momentum buf + grad_w L_train + decay w), xi the weights' learning rate; the
    product with the second derivative is [grad_alpha L_train(w+) - grad_alpha L_train(w-)] / 2R
    with w+- = w +- R v, v = grad_w' L_val(w') and R = radius / ||v||.
    """

    radius: float = 0.01

    def gradients(
        self,
        learner: TrainableState,
        weights_batch: Batch,
        architecture_batch: Batch,
        moment: Moment,
    ) -> tuple[Tensor, Tensor]:
        """Set alpha's gradient; the weights are restored bit by bit."""
        weights, alphas = learner.weights, learner.architecture_parameters
        saved = [one.detach().clone() for one in weights]
        xi = learner.weights_lr
        try:
            move(weights, saved, -xi, self._step(learner, weights_batch, moment))
            loss, logits = learner.loss(architecture_batch, learner.mixtures(moment))
            both = gradients_of(loss + learner.penalty(moment), [*alphas, *weights])
            direct, v = both[: len(alphas)], both[len(alphas) :]
            radius = self.radius / torch.cat([one.flatten() for one in v]).norm().double()
            sides = []
            for sign in (1, -1):
                move(weights, saved, sign * radius, v)
                train, _ = learner.loss(weights_batch, learner.mixtures(moment))
                sides.append(gradients_of(train, alphas))
        finally:
            put_back(weights, saved)
        curvature = [(up - down) / (2 * radius) for up, down in zip(*sides, strict=True)]
        set_gradients(alphas, [d - xi * c for d, c in zip(direct, curvature, strict=True)])
        return loss.detach(), logits.detach()

    def _step(self, learner: TrainableState, batch: Batch, moment: Moment) -> list[Tensor]:
        """Return momentum buf + grad_w L_train + decay w of every weight."""
        loss, _ = learner.loss(batch, learner.mixtures(moment))
        settings = learner.settings
        return [
            settings.momentum * learner.momentum_of(one) + gradient + settings.weight_decay * one
            for one, gradient in zip(
                learner.weights, gradients_of(loss, learner.weights), strict=True
            )
        ]


@torch.no_grad()
def move(
    weights: Sequence[Tensor],
    start: Sequence[Tensor],
    length: float | Tensor,
    direction: Sequence[Tensor],
) -> None:
    """Put the weights at start + length direction; a length on the device is not waited for."""
    for one, origin, vector in zip(weights, start, direction, strict=True):
        one.copy_(origin + length * vector)


@torch.no_grad()
def put_back(weights: Sequence[Tensor], start: Sequence[Tensor]) -> None:
    """Put the weights exactly at start."""
    for one, origin in zip(weights, start, strict=True):
        one.copy_(origin)


@with_ranges("strategy 'darts'", order=counted(1, 2))
def darts(order: int = 1, weights_first: bool = False) -> Strategy:
    """Return DARTS.

    Args:
        order: 1 for the first-order approximation, 2 for the unrolled step.
        weights_first: Update the weights before alpha, as first-order DARTS of the NAS-Bench-201
            program does (arXiv 2001.00326); DARTS itself updates alpha first.

    Raises:
        ConfigError: The order is another.
    """
    if order == 1:
        return Strategy("darts", weights_first=weights_first)
    return Strategy("darts-2nd", step=SecondOrder(), weights_first=weights_first)


def darts_second_order() -> Strategy:
    """Return second-order DARTS."""
    return darts(order=2)
