"""SDARTS-ADV: the network learns under the worst weights nearby (arXiv 2002.05283)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.gradients import gradients_of
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from torch import Tensor


def clipped(weights: Tensor, allowed: Tensor) -> Tensor:
    """Return clamp(w, 0, 1) / sum_o clamp(w, 0, 1) of every edge, 0 where not allowed (release).

    Where nothing is left of an edge, its largest candidate gets all.

    Args:
        weights: Edges x operations.
        allowed: The same, bool.
    """
    inside = weights.clamp(0, 1) * allowed
    total = inside.sum(-1, keepdim=True)
    largest = weights.masked_fill(~allowed, -torch.inf).argmax(-1, keepdim=True)
    single = torch.zeros_like(weights).scatter(-1, largest, 1.0) * allowed
    return torch.where(total > 0, inside / total.clamp_min(1e-30), single)


@dataclass(frozen=True)
class ProjectedAscent:
    """w~ = argmax of L_train(w + delta) over max |delta| <= eps, by projected gradient.

    From a uniform draw in the ball, seven times w~ <- w~ + (2 eps / 7) sign(dL / dw~), projected
    into the ball and then to [0, 1] and sum 1; the result is dropped where its loss is smaller than
    that of w. eps = .03 + .27 e / E, as for random smoothing. Number and length of steps, order of
    projections and the last comparison are the release's (attacker/perturb.py); it evaluates with
    running averages, this with the statistics of the batch, as everything here.

    Attributes:
        steps: Number of steps.
        first: eps at the start.
        growth: How much eps grows over the search.
    """

    steps: int = 7
    first: float = 0.03
    growth: float = 0.27

    def perturb(
        self,
        weights: Mapping[str, Tensor],
        allowed: Mapping[str, Tensor],
        loss: Callable[[Mapping[str, Tensor]], Tensor],
        moment: Moment,
    ) -> dict[str, Tensor]:
        """Return the weights by kind of cell under which the batch's loss is large."""
        start = {kind: one.detach() for kind, one in weights.items()}
        bound = self.first + self.growth * moment.progress
        moved = {
            kind: clipped(one + bound * _uniform(one, moment), allowed[kind])
            for kind, one in start.items()
        }
        for _ in range(self.steps):
            slopes = _gradients(loss, moved)
            for kind, one in moved.items():
                step = one + 2 * bound / self.steps * slopes[kind].sign()
                near = start[kind] + (step - start[kind]).clamp(-bound, bound)
                moved[kind] = clipped(near, allowed[kind])
        with torch.no_grad():
            worse = loss(moved) >= loss(start)
        return {kind: torch.where(worse, moved[kind], start[kind]) for kind in start}


def _uniform(like: Tensor, moment: Moment) -> Tensor:
    """Return draws from U(-1, 1) of the shape of a tensor."""
    uniform = torch.rand(like.shape, generator=moment.generator, device=like.device)
    return 2 * uniform.to(like) - 1


def _gradients(
    loss: Callable[[Mapping[str, Tensor]], Tensor], weights: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    leaves = {kind: one.detach().requires_grad_() for kind, one in weights.items()}
    return dict(zip(leaves, gradients_of(loss(leaves), list(leaves.values())), strict=True))


@with_ranges("strategy 'sdarts-adv'", steps=counted(1))
def sdarts_adv(steps: int = 7) -> Strategy:
    """Return SDARTS with adversarial weights.

    Args:
        steps: Steps of the projected ascent before each update of the network, each a forward and
            a backward pass.
    """
    return Strategy("sdarts-adv", attack=ProjectedAscent(steps))
