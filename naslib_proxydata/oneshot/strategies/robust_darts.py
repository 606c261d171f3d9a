"""RobustDARTS (L2): DARTS with a stronger weight decay (arXiv 1909.09656)."""

from __future__ import annotations

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.ranges import at_least, with_ranges


@with_ranges("strategy 'robust-darts'", weight_decay=at_least(0))
def robust_darts(weight_decay: float = 0.0243) -> Strategy:
    """Return DARTS whose network has the strongest weight decay that the paper tries (section 5.2).

    Args:
        weight_decay: The paper tries 3e-4, 9e-4, 27e-4, 81e-4 and 243e-4; the last is the one of
            arXiv 2106.04784, table 3.
    """
    return Strategy("robust-darts", settings={"weight_decay": weight_decay})
