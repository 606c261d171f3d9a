"""DrNAS that widens its operations while it drops the weakest of them (arXiv 2006.10355)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.steps import Progress, stage_of
from naslib_proxydata.oneshot.strategies.drnas import DirichletSample
from naslib_proxydata.oneshot.strategies.p_darts import weakest
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.steps import TrainableState
    from naslib_proxydata.oneshot.supernets.base import Supernet

PUBLISHED = (4, 2), (3,)
"""K of both stages and the operations of the second in NAS-Bench-201; 6, 4 and 4 in DARTS'."""
NONE = "none"


class Widening(Progress):
    """Equal stages; each ends with fewer operations, the next begins with more channels in them.

    After a stage every edge keeps its strongest operations with their alpha, and operations see
    1 / K of the channels with a smaller K, with the weights and momentum that they had. At the
    start of a stage alpha is frozen. One cosine goes over all stages (xiangning-chen/DrNAS,
    201-space/train_search_progressive.py and DARTS-space/train_search.py). The release searches the
    DARTS space without ``none``, which is never kept here where a derived cell cannot hold it.

    Args:
        partials: K of each stage.
        kept: Operations that an edge keeps after each stage but the last.
        freeze: First epochs of each stage in which alpha is frozen.
        published: Whether the numbers are the paper's of NAS-Bench-201.
    """

    def __init__(
        self,
        partials: tuple[int, ...],
        kept: tuple[int, ...],
        freeze: int = 10,
        published: bool = False,
    ) -> None:
        self.partials, self.kept, self.freeze = partials, kept, freeze
        self.published = published

    def stage(self, epoch: int, epochs: int) -> int:
        """Return the stage of an epoch, counting from 0."""
        return stage_of(epoch, epochs, len(self.partials))

    def check(self, supernet: Supernet, cells: int | None) -> None:
        """Refuse the numbers of NAS-Bench-201 in other spaces.

        Raises:
            SearchError: The space is another and the user has said nothing.
        """
        if self.published and not supernet.cells_by_stage:
            raise SearchError(
                "partial channels of K = 4 and 2 and 3 operations are those of NAS-Bench-201; use "
                "--recipe drnas for the DARTS space, or give --set strategy.partials=[6,4] --set "
                "strategy.kept=[4]"
            )

    def fewest_epochs(self) -> int:
        """Return as many epochs that every stage trains alpha."""
        return len(self.partials) * (self.freeze + 1)

    def partial(self, epoch: int, epochs: int) -> int | None:
        """Return the K of the epoch's stage."""
        return self.partials[self.stage(epoch, epochs)]

    def frozen(self, epoch: int, epochs: int) -> bool:
        """Return whether the epoch is among the first of its stage."""
        stage = self.stage(epoch, epochs)
        return epoch <= self.freeze or self.stage(epoch - self.freeze, epochs) != stage

    def epoch_finished(self, learner: TrainableState, moment: Moment) -> None:
        """Forbid the weakest operations at the end of a stage."""
        stage = self.stage(moment.epoch, moment.epochs)
        if moment.epoch == moment.epochs or stage == self.stage(moment.epoch + 1, moment.epochs):
            return
        for kind, weights in learner.architecture.strengths(learner.relaxation).items():
            names = learner.supernet.choices[kind].operations
            never = learner.supernet.inputs_per_node is not None
            is_none = np.array([[never and name == NONE for name in row] for row in names])
            mask = weakest(np.where(is_none, -1.0, weights), self.kept[stage])
            learner.architecture.forbid(kind, mask)


@with_ranges(
    "strategy 'drnas-progressive'",
    partials=counted(1, many=True),
    kept=counted(1, many=True),
    freeze=counted(0),
)
def drnas_progressive(
    partials: tuple[int, ...] | None = None,
    kept: tuple[int, ...] | None = None,
    freeze: int = 10,
) -> Strategy:
    """Return DrNAS with progressive widening and the settings of its release.

    Args:
        partials: K of each stage; the paper's of NAS-Bench-201 where None.
        kept: Operations that an edge keeps after each stage but the last.
        freeze: First epochs of each stage in which alpha is frozen.

    Raises:
        ConfigError: The numbers do not fit together.
    """
    published = partials is None and kept is None
    partials = PUBLISHED[0] if partials is None else tuple(partials)
    kept = PUBLISHED[1] if kept is None else tuple(kept)
    if len(partials) != len(kept) + 1:
        raise ConfigError(
            "progressive DrNAS needs a K for each stage and a number of kept operations for each "
            f"but the last; got partials {partials} and kept {kept}"
        )
    if any(later >= earlier for earlier, later in pairwise(partials)):
        raise ConfigError(f"K must fall from stage to stage, got partials {partials}")
    darts = {"epochs": 50, "weights_lr": 0.1, "weights_lr_min": 0.0, "architecture_lr": 6e-4}
    return Strategy(
        "drnas-progressive",
        relaxation=DirichletSample(),
        progress=Widening(partials, kept, freeze, published),
        partial=partials[0],
        settings={"epochs": 100},
        settings_in={"darts": darts},
    )
