"""DARTS-: an auxiliary skip connection that fades out (arXiv 2009.01027)."""

from __future__ import annotations

from dataclasses import dataclass

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import at_least, with_ranges


@dataclass(frozen=True)
class AuxiliarySkip:
    """o(x) = beta x + sum_o w_o o(x) on every edge, beta from 1 to 0.

    Where the stride is 2, x goes through a factorised reduction of its own (release). beta falls
    linearly: beta = first (1 - e / E) with e the epochs that lie behind; the release's script
    (scripts/run_darts_minus.sh) sets this decay and first = 1, and its program has others.

    Attributes:
        first: beta in the first epoch.
    """

    first: float = 1.0

    def weight(self, moment: Moment) -> float:
        """Return beta of an epoch."""
        return self.first * (1 - moment.progress)


@with_ranges("strategy 'darts-minus'", first=at_least(0))
def darts_minus(first: float = 1.0) -> Strategy:
    """Return DARTS-; the cell is derived from the candidates alone.

    Args:
        first: Weight of the auxiliary skip connections in the first epoch.
    """
    return Strategy("darts-minus", auxiliary=AuxiliarySkip(first))
