"""The metrics that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.leaderboard.rank_metrics"


@hookimpl
def register_metrics() -> Sequence[Registration]:
    """Offer the built-in metrics."""
    return [
        Registration("spearman", f"{_ROOM}:Spearman", "Spearman's rho"),
        Registration("kendall", f"{_ROOM}:Kendall", "Kendall's tau-b"),
        Registration(
            "top10-retrieval",
            f"{_ROOM}:Top10Retrieval",
            "share of the true top 10 % in the predicted top 10 %",
        ),
        Registration(
            "ndcg",
            f"{_ROOM}:Ndcg",
            "normalised discounted cumulative gain, which looks at the top most",
            "arXiv 2108.03001",
        ),
        Registration(
            "best-rank",
            f"{_ROOM}:BestRank",
            "best true rank among the k architectures that are ranked first",
            "arXiv 2008.03064",
        ),
    ]
