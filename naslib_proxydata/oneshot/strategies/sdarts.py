"""SDARTS-RS: random smoothing of the weights of candidates (arXiv 2002.05283)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RandomSmoothing:
    """w~ = norm(clamp(w + delta, 0, 1)), delta ~ U(-eps, eps), eps = .03 + .27 e / E  (eq. 5).

    Only while the network's weights are updated, and after the softmax.

    Attributes:
        first: eps at the start.
        growth: How much eps grows over the search.
    """

    first: float = 0.03
    growth: float = 0.27

    def perturb(self, weights: Tensor, allowed: Tensor, moment: Moment) -> Tensor:
        """Return smoothed weights that sum to 1 on every edge."""
        bound = self.first + self.growth * moment.progress
        uniform = torch.rand(weights.shape, generator=moment.generator, device=weights.device)
        uniform = uniform.to(weights)
        disturbed = (weights + bound * (2 * uniform - 1)).clamp(0, 1) * allowed
        return disturbed / disturbed.sum(-1, keepdim=True).clamp_min(1e-12)


def sdarts_rs() -> Strategy:
    """Return SDARTS with random smoothing."""
    return Strategy("sdarts-rs", perturbation=RandomSmoothing())
