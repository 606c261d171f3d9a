"""PC-DARTS: partial channels and edge normalisation (arXiv 1907.05737).

The first 1 / K of the channels go through the operations and the rest bypass them (section
3.2); an edge has a weight of its own, a softmax over the edges into its node (eq. 3). Both live
where they act: in the supernet's cells and in
:class:`~naslib_proxydata.oneshot.architecture.ArchitectureParameters`.
"""

from __future__ import annotations

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.ranges import counted, with_ranges


@with_ranges("strategy 'pc-darts'", partial=counted(1))
def pc_darts(partial: int = 4) -> Strategy:
    """Return PC-DARTS with the settings of its release.

    Args:
        partial: K; all channels at 1.

    Raises:
        ConfigError: K is below 1.
    """
    return Strategy(
        "pc-darts",
        partial=partial,
        edge_weights=True,
        settings={
            "warm_up": 15,
            "batch_size": 256,
            "weights_lr": 0.1,
            "weights_lr_min": 0.0,
            "architecture_lr": 6e-4,
        },
    )
