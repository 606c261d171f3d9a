"""Random search with weight sharing (arXiv 1902.07638)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.host import HostValues, send
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class UniformHard:
    """h_e = onehot(c_e), c_e uniform over the allowed candidates, drawn every batch on the host."""

    _values: HostValues = field(default_factory=HostValues, compare=False, repr=False)

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Draw one candidate an edge."""
        likely = self._values.of(allowed).double()
        empty = likely.sum(-1) == 0
        chosen = torch.multinomial(
            likely + empty[:, None], num_samples=1, generator=moment.decisions
        )
        # 0 where nothing is allowed.
        hard = torch.zeros_like(likely).scatter(-1, chosen, 1.0) * likely
        weights = send(hard.to(alpha.dtype), alpha.device)
        active = tuple(
            () if nothing else (column,)
            for column, nothing in zip(chosen[:, 0].tolist(), empty.tolist(), strict=True)
        )
        return Mixture(weights.detach(), active)

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return alpha's softmax, which never leaves its start: the choice is random."""
        return alpha.softmax(-1) * allowed


@with_ranges("strategy 'random-sharing'", picks=counted(1))
def random_sharing(picks: int = 100) -> Strategy:
    """Return random search with weight sharing, with the settings of the NAS-Bench-201 program.

    Args:
        picks: Number of random cells from which the final one is picked by accuracy.
    """
    return Strategy(
        "random-sharing",
        relaxation=UniformHard(),
        learns=False,
        picks=picks,
        weights_first=True,
        pick_batch=512,
        settings={"epochs": 250, "nesterov": True, "weight_decay": 5e-4},
    )
