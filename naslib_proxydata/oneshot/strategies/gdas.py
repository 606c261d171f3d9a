"""GDAS: one operation an edge, drawn by Gumbel-max (arXiv 1910.04465)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.mixture import Mixture, masked_softmax
from naslib_proxydata.oneshot.moment import Moment

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

    Attributes:
        first_tau: Temperature of the first epoch.
        last_tau: Temperature of the last epoch.
    """

    first_tau: float = 10.0
    last_tau: float = 0.1

    def tau(self, moment: Moment) -> float:
        """Return the temperature of an epoch."""
        share = (moment.epoch - 1) / max(1, moment.epochs - 1)
        return self.first_tau + (self.last_tau - self.first_tau) * share

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Draw one candidate an edge; the others are not run but get their gradient."""
        noise = gumbel_noise(tuple(alpha.shape), moment.generator).to(alpha)
        logits = masked_softmax(alpha, allowed).clamp_min(1e-38).log() + noise
        soft = masked_softmax(logits / self.tau(moment), allowed)
        chosen = soft.argmax(-1)
        hard = torch.zeros_like(soft).scatter(-1, chosen[:, None], 1.0)
        weights = hard * allowed + (soft - soft.detach())
        idle = weights.sum(-1) - weights.gather(-1, chosen[:, None])[:, 0]
        runs = allowed.gather(-1, chosen[:, None])[:, 0]
        active = tuple(
            (column,) if yes else ()
            for column, yes in zip(chosen.tolist(), runs.tolist(), strict=True)
        )
        return Mixture(weights, active, idle)

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return softmax(alpha)."""
        return masked_softmax(alpha, allowed)


def gdas(first_tau: float = 10.0, last_tau: float = 0.1) -> Strategy:
    """Return GDAS with the settings of the NAS-Bench-201 program: 250 epochs, weights first."""
    return Strategy(
        "gdas",
        relaxation=GumbelHard(first_tau, last_tau),
        weights_first=True,
        settings={"epochs": 250, "nesterov": True, "weight_decay": 5e-4},
    )
