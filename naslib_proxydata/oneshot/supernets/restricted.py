"""The restricted DARTS spaces S1 to S4 (arXiv 1909.09656) as choices of a supernet."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Final

from naslib_proxydata.oneshot.mixture import Choices
from naslib_proxydata.oneshot.supernets.darts import EDGES, DartsSupernet
from naslib_proxydata.spaces.darts.restricted import CANDIDATES

RESTRICTED = {
    name: {kind: Choices(EDGES, operations) for kind, operations in candidates.items()}
    for name, candidates in CANDIDATES.items()
}
"""The choices of each space by its name, for :class:`DartsSupernet`."""

SUPERNETS: Final = SimpleNamespace(
    **{name: partial(DartsSupernet, choices=choices) for name, choices in RESTRICTED.items()}
)
"""Their constructors by name, for the plugin."""
