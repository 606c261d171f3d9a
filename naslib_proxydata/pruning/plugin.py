"""The pruners that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.pruning"


@hookimpl
def register_pruners() -> Sequence[Registration]:
    """Offer the built-in pruners."""
    return [
        Registration(
            "bdp",
            f"{_ROOM}.bilevel:BilevelPruner",
            "bi-level data pruning by the variance of each example's error",
            "arXiv 2312.14200",
        ),
        Registration(
            "random",
            f"{_ROOM}.baselines:RandomPruner",
            "random examples by a schedule: the floor",
            "arXiv 2312.14200, table 3",
        ),
        Registration(
            "el2n",
            f"{_ROOM}.baselines:EL2NPruner",
            "once, by the mean error norm of the first epochs",
            "arXiv 2107.07075, eq. 2; arXiv 2312.14200, table 2",
        ),
        Registration(
            "infobatch",
            f"{_ROOM}.infobatch:InfoBatchPruner",
            "well-learnt examples at random, anew each epoch, the others weigh more",
            "arXiv 2303.04947",
        ),
        Registration(
            "glister",
            f"{_ROOM}.glister:GlisterPruner",
            "a subset that helps the other level most, chosen anew every few epochs",
            "arXiv 2012.10630; in a search: arXiv 2211.01454",
        ),
    ]
