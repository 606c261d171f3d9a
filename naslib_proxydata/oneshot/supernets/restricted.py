"""The restricted DARTS spaces S1 to S4 (arXiv 1909.09656, section 3.1 and its release)."""

from __future__ import annotations

from naslib_proxydata.oneshot.mixture import Choices
from naslib_proxydata.oneshot.supernets.darts import EDGES
from naslib_proxydata.oneshot.supernets.edge import NOISE, NONE

_SHORT = {
    "s": "skip_connect",
    "m": "max_pool_3x3",
    "a": "avg_pool_3x3",
    "3": "sep_conv_3x3",
    "d": "dil_conv_3x3",
    "D": "dil_conv_5x5",
}
_S1 = {
    "normal": "sd sD sD s3 sd ms s3 s3 sd s3 ms sd dD dD",
    "reduce": "ma md ma ma sD ma m3 sd sD ma ma sD sD sD",
}
"""S1: the two best candidates of every edge as DARTS found them, edge by edge."""


def _same(*operations: str) -> dict[str, Choices]:
    return {kind: Choices(EDGES, (operations,) * len(EDGES)) for kind in ("normal", "reduce")}


RESTRICTED = {
    "s1": {
        kind: Choices(EDGES, tuple(tuple(_SHORT[one] for one in pair) for pair in text.split()))
        for kind, text in _S1.items()
    },
    "s2": _same("skip_connect", "sep_conv_3x3"),
    "s3": _same(NONE, "skip_connect", "sep_conv_3x3"),
    "s4": _same(NOISE, "sep_conv_3x3"),
}
"""The choices of each space by its name, for :class:`DartsSupernet`."""
