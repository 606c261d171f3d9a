"""A metric: what a search would have found that trains the five most promising networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.leaderboard.metrics import Metric


class BestOfTop(Metric):
    """The best measured value among the architectures that are ranked first.

    Args:
        k: How many are looked at.
    """

    name = "best-of-top"
    title = "best of top"

    def __init__(self, k: int = 5) -> None:
        self.k = k

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        # numpy sorts nan, a failed score, behind everything else.
        first = np.argsort(-scores, kind="stable")[: self.k]
        return float(values[first].max())
