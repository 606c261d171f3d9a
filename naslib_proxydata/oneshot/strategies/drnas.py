"""DrNAS: weights drawn from a Dirichlet distribution (arXiv 2006.10355)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class DirichletSample:
    """w_e ~ Dir(beta_e), beta = elu(alpha) + 1, with the pathwise gradient (eq. 4 and 5).

    Derived from the mean, beta / sum beta. The l2 pull towards beta = 1 is alpha's weight decay.
    """

    def concentration(self, alpha: Tensor) -> Tensor:
        """Return beta = elu(alpha) + 1, edges x operations."""
        return F.elu(alpha) + 1

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Draw the weights of every edge."""
        concentration = self.concentration(alpha).masked_fill(~allowed, 1.0)
        drawn = dirichlet(concentration, moment.generator) * allowed
        weights = drawn / drawn.sum(-1, keepdim=True).clamp_min(1e-12)
        return Mixture(weights)

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return the mean of the distribution over the allowed candidates."""
        concentration = self.concentration(alpha) * allowed
        return concentration / concentration.sum(-1, keepdim=True).clamp_min(1e-12)


class _Dirichlet(torch.autograd.Function):
    """A Dirichlet sample from an explicit generator, with torch's own pathwise gradient."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, concentration: Tensor, generator: torch.Generator
    ) -> Tensor:
        # Gamma variates of the generator: torch's Dirichlet sampler takes the global one.
        gammas = torch._standard_gamma(
            concentration.detach().double(), generator=generator
        ).clamp_min(1e-30)
        drawn = (gammas / gammas.sum(-1, keepdim=True)).to(concentration)
        ctx.save_for_backward(drawn, concentration)
        return drawn

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        drawn, concentration = ctx.saved_tensors  # type: ignore[attr-defined]
        total = concentration.sum(-1, keepdim=True).expand_as(concentration)
        slope = torch._dirichlet_grad(drawn, concentration, total)
        inner = (drawn * gradient).sum(-1, keepdim=True)
        return slope * (gradient - inner), None


def dirichlet(concentration: Tensor, generator: torch.Generator) -> Tensor:
    """Draw from Dir(concentration) along the last dimension, differentiably."""
    drawn: Tensor = _Dirichlet.apply(concentration, generator)  # type: ignore[no-untyped-call]
    return drawn


def drnas() -> Strategy:
    """Return DrNAS without its progressive widening; its paper searches for 100 epochs."""
    return Strategy("drnas", relaxation=DirichletSample(), settings={"epochs": 100})
