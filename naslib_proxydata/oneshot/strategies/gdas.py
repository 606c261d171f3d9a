"""GDAS: one operation an edge, drawn by Gumbel-max (arXiv 1910.04465)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.host import HostValues, send
from naslib_proxydata.oneshot.mixture import Mixture, masked_softmax
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import POSITIVE, with_ranges

if TYPE_CHECKING:
    from torch import Tensor


def gumbel_noise(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw g = -log(-log u), u uniform; drawn again where it is not finite."""
    while True:
        uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
        noise = -torch.log(-torch.log(uniform))
        if torch.isfinite(noise).all():
            return noise


@dataclass(frozen=True)
class GumbelHard:
    """h = onehot(argmax p), p = softmax((log softmax(alpha) + g) / tau)  (eq. 3 and 4).

    Forward h, backward the gradient of p. One draw a forward pass, shared by all cells; tau
    falls linearly over the search.

    Which operations run is decided on the host, where alpha is read once after each of its steps:
    the two draws of a pair of batches share alpha, so that the host waits once a pair. To run all
    operations and multiply by h would need no wait, but in NAS-Bench-201 five times the work: an
    edge computes 10 units (a 3x3 and a 1x1 convolution) instead of 10 / 5 on average.

    Attributes:
        first_tau: Temperature of the first epoch.
        last_tau: Temperature of the last epoch.
    """

    first_tau: float = 10.0
    last_tau: float = 0.1
    _values: HostValues = field(default_factory=HostValues, compare=False, repr=False)

    def tau(self, moment: Moment) -> float:
        """Return the temperature of an epoch."""
        share = (moment.epoch - 1) / max(1, moment.epochs - 1)
        return self.first_tau + (self.last_tau - self.first_tau) * share

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Draw one candidate an edge; the others are not run but get their gradient."""
        noise = gumbel_noise(tuple(alpha.shape), moment.decisions).to(alpha.dtype)
        there = self._values.of(allowed)
        chosen = self._soft(self._values.of(alpha), there, noise, moment).argmax(-1, keepdim=True)
        drawn = torch.zeros_like(noise).scatter(-1, chosen, 1.0)
        noise, hard = send(torch.stack([noise, drawn]), alpha.device).unbind()
        soft = self._soft(alpha, allowed, noise, moment)
        weights = hard * allowed + (soft - soft.detach())
        idle = weights.sum(-1) - (weights * hard).sum(-1)
        runs = there.gather(-1, chosen)
        active = tuple(
            (column,) if yes else ()
            for column, yes in zip(chosen[:, 0].tolist(), runs[:, 0].tolist(), strict=True)
        )
        return Mixture(weights, active, idle)

    def _soft(self, alpha: Tensor, allowed: Tensor, noise: Tensor, moment: Moment) -> Tensor:
        logits = masked_softmax(alpha, allowed).clamp_min(1e-38).log() + noise
        return masked_softmax(logits / self.tau(moment), allowed)

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return softmax(alpha)."""
        return masked_softmax(alpha, allowed)


@with_ranges("strategy 'gdas'", first_tau=POSITIVE, last_tau=POSITIVE)
def gdas(first_tau: float = 10.0, last_tau: float = 0.1) -> Strategy:
    """Return GDAS with the settings of the NAS-Bench-201 program: 250 epochs, weights first."""
    return Strategy(
        "gdas",
        relaxation=GumbelHard(first_tau, last_tau),
        weights_first=True,
        settings={"epochs": 250, "nesterov": True, "weight_decay": 5e-4},
    )
