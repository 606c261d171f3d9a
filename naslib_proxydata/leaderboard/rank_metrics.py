"""The metrics that come with the package: those of :mod:`naslib_proxydata.ranking`, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata import ranking
from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.leaderboard.metrics import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_GAINS = ("relevance", "value")


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
        gain: "relevance", by 2 to the power of it (AceNAS), or "value", which is gained as it is
            (scikit-learn).

    Raises:
        ConfigError: k is no positive integer, or there is no such gain.
    """

    name = "ndcg"
    title = "nDCG"

    def __init__(self, k: int | None = None, gain: str = "relevance") -> None:
        if k is not None and not _is_count(k):
            raise ConfigError(f"metric 'ndcg': k is a number of places, at least 1; got {k!r}")
        if gain not in _GAINS:
            raise ConfigError(unknown_name("gain", str(gain), _GAINS, "metric 'ndcg'"))
        self.k = k
        self.gain = gain

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.ndcg`."""
        return ranking.ndcg(scores, values, self.k, linear=self.gain == "value")


class BestRank(Metric):
    """The best true rank among the k architectures that are ranked first; 1 is the best of all.

    Args:
        k: How many are looked at.

    Raises:
        ConfigError: k is no positive integer.
    """

    name = "best-rank"

    def __init__(self, k: int = 10) -> None:
        if not _is_count(k):
            raise ConfigError(
                f"metric 'best-rank': k is a number of architectures, at least 1; got {k!r}"
            )
        self.k = k

    @property
    def title(self) -> str:  # type: ignore[override]
        """Head of its column in reports."""
        return f"best of first {self.k}"

    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """See :func:`naslib_proxydata.ranking.best_rank`."""
        return ranking.best_rank(scores, values, self.k)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
