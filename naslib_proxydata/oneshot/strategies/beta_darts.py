"""beta-DARTS: decay of the weights of candidates, not of alpha (arXiv 2203.01665)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import at_least, with_ranges

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class BetaDecay:
    """lambda(epoch) mean over edges of log sum_o exp(alpha_{e,o})  (eq. 13, release).

    lambda = slope (epoch - 1): the release counts epochs from 0.

    Attributes:
        slope: Growth of lambda by epoch; 0.5 reaches 50 in the paper's 100 epochs.
    """

    slope: float = 0.5

    def penalty(self, alphas: Sequence[Tensor], moment: Moment) -> Tensor:
        """Return the decay's term of the loss."""
        edges = torch.cat([alpha.logsumexp(-1) for alpha in alphas])
        return self.slope * (moment.epoch - 1) * edges.mean()


@with_ranges("strategy 'beta-darts'", slope=at_least(0))
def beta_darts(slope: float = 0.5) -> Strategy:
    """Return beta-DARTS; its paper searches NAS-Bench-201 for 100 epochs, the DARTS space for 50.

    alpha keeps DARTS' weight decay of 1e-3 (release).
    """
    return Strategy(
        "beta-darts",
        regularisers=(BetaDecay(slope),),
        settings={"epochs": 100},
        settings_in={"darts": {"epochs": 50}},
    )
