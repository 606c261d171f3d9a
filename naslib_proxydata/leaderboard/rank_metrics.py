"""The metrics that come with the package: those of :mod:`naslib_proxydata.ranking`, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata import ranking
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.leaderboard.metrics import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Spearman(Metric):
    """Spearman's rho."""

    name = "spearman"
    title = "Spearman"

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.spearman`."""
        return ranking.spearman(scores, values)


class Kendall(Metric):
    """Kendall's tau-b."""

    name = "kendall"
    title = "Kendall"

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.kendall`."""
        return ranking.kendall(scores, values)


class Top10Retrieval(Metric):
    """Share of the true top 10 % that is in the predicted top 10 %."""

    name = "top10-retrieval"
    title = "top 10 %"
    is_share = True

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.top_retrieval`."""
        return ranking.top_retrieval(scores, values)


class Ndcg(Metric):
    """Normalised discounted cumulative gain.

    Args:
        k: Places that count; all by default.

    Raises:
        ConfigError: k is no positive integer.
    """

    name = "ndcg"
    title = "nDCG"

    def __init__(self, k: int | None = None) -> None:
        if k is not None and (not isinstance(k, int) or k < 1):
            raise ConfigError(f"metric 'ndcg': k is a number of places, at least 1; got {k!r}")
        self.k = k

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.ndcg`."""
        return ranking.ndcg(scores, values, self.k)
