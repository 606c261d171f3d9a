"""P-DARTS: deeper networks with fewer candidates, stage by stage (arXiv 1904.12760)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.steps import Progress, stage_of
from naslib_proxydata.ranges import PART, counted, with_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.oneshot.steps import TrainableState
    from naslib_proxydata.oneshot.supernets.base import Supernet

SKIP = "skip_connect"
PUBLISHED_DEPTHS = (5, 11, 17)


class Stages(Progress):
    """Equal stages; each ends with fewer candidates, the next begins with a deeper network.

    After a stage every edge keeps its strongest candidates; weights and alpha start again. In
    the first part of a stage alpha is frozen. After the last stage the normal cell gives up its
    weakest skip connections until the limit holds: their probability becomes 0 and the others stay
    as they are (release).

    Args:
        depths: Cells of the supernet in each stage.
        kept: Candidates that an edge keeps after each stage but the last.
        dropouts: Share of a skip connection's values that is dropped at first, by stage.
        frozen_share: Share of a stage in which alpha is frozen (10 of 25 epochs).
        published: Whether the depths are the paper's, and so cells of the DARTS space.
        most_skips: Limit of skip connections in the normal cell, or in the only one.
    """

    def __init__(
        self,
        depths: tuple[int, ...],
        kept: tuple[int, ...],
        dropouts: tuple[float, ...],
        frozen_share: float = 0.4,
        most_skips: int = 2,
        published: bool = False,
    ) -> None:
        self.published = published
        self.depths, self.kept, self.dropouts = depths, kept, dropouts
        self.frozen_share, self.most_skips = frozen_share, most_skips

    def stage(self, epoch: int, epochs: int) -> int:
        """Return the stage of an epoch, counting from 0."""
        return stage_of(epoch, epochs, len(self.depths))

    def check(self, supernet: Supernet, cells: int | None) -> None:
        """Refuse the published depths where cells are counted otherwise.

        Raises:
            SearchError: The space counts cells by stage, and the user has said nothing.
        """
        if self.published and supernet.cells_by_stage and cells is None:
            raise SearchError(
                f"the depths {', '.join(map(str, self.depths))} of P-DARTS are cells of a network "
                "of the DARTS space, and this space counts cells by stage; say with --cells how "
                "many a stage of the last network has, the others have fewer in proportion"
            )

    def fewest_epochs(self) -> int:
        """Return one epoch a stage."""
        return len(self.depths)

    def depth(self, epoch: int, epochs: int, cells: int | None) -> int | None:
        """Return the number of cells of the epoch's stage, in proportion to the user's last."""
        depth = self.depths[self.stage(epoch, epochs)]
        return depth if cells is None else max(1, round(depth * cells / self.depths[-1]))

    def position(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Return the epoch's number within its stage and the stage's length."""
        stage = self.stage(epoch, epochs)
        mine = [one for one in range(1, epochs + 1) if self.stage(one, epochs) == stage]
        return mine.index(epoch) + 1, len(mine)

    def frozen(self, epoch: int, epochs: int) -> bool:
        """Return whether the epoch is in the first part of its stage."""
        number, length = self.position(epoch, epochs)
        return number <= self.frozen_share * length

    def skip_dropout(self, epoch: int, epochs: int) -> float:
        """Return p_0 (E - e) / E while alpha is frozen, then p_0 exp(-0.2 (e - 1 - E_frozen)).

        e counts the epochs of the stage from 1, E is its length (section 3.3, release).
        """
        first = self.dropouts[self.stage(epoch, epochs)]
        number, length = self.position(epoch, epochs)
        if self.frozen(epoch, epochs):
            return first * (length - number) / length
        return first * math.exp(-0.2 * (number - 1 - int(self.frozen_share * length)))

    def epoch_finished(self, learner: TrainableState, moment: Moment) -> None:
        """Forbid candidates at the end of a stage, skip connections at the end of the search."""
        if moment.epoch == moment.epochs:
            self._limit_skips(learner)
            return
        stage = self.stage(moment.epoch, moment.epochs)
        if self.stage(moment.epoch + 1, moment.epochs) != stage:
            for kind, weights in learner.architecture.strengths(learner.relaxation).items():
                learner.architecture.forbid(kind, weakest(weights, self.kept[stage]))

    def _limit_skips(self, learner: TrainableState) -> None:
        supernet, architecture = learner.supernet, learner.architecture
        kind = "normal" if "normal" in supernet.choices else next(iter(supernet.choices))
        choices = supernet.choices[kind]
        while True:
            strengths = architecture.strengths(learner.relaxation)
            chosen = supernet.chosen(strengths).get(kind, [])
            skips = [(edge.source, edge.target) for edge in chosen if edge.operation == SKIP]
            if len(skips) <= self.most_skips:
                return
            rows = [choices.edges.index(edge) for edge in skips]
            places = [(row, choices.operations[row].index(SKIP)) for row in rows]
            mask = np.zeros(choices.shape, dtype=bool)
            mask[min(places, key=lambda place: strengths[kind][place])] = True
            architecture.hide(kind, mask)


def weakest(weights: NDArray[np.float64], kept: int) -> NDArray[np.bool_]:
    """Return a mask of all but the ``kept`` strongest candidates of every edge."""
    ranks = (-weights).argsort(1, kind="stable").argsort(1)
    mask: NDArray[np.bool_] = ranks >= kept
    return mask


@with_ranges(
    "strategy 'p-darts'",
    depths=counted(1, many=True),
    kept=counted(1, many=True),
    dropouts=replace(PART, many=True),
    most_skips=counted(0),
)
def p_darts(
    depths: tuple[int, ...] | None = None,
    kept: tuple[int, ...] = (5, 3),
    dropouts: tuple[float, ...] = (0.0, 0.4, 0.7),
    most_skips: int = 2,
) -> Strategy:
    """Return P-DARTS with the settings of its release: three stages of 25 epochs.

    Args:
        depths: Cells of the supernet in each stage; the paper's 5, 11 and 17 where None.
        kept: Candidates that an edge keeps after each stage but the last.
        dropouts: Share of a skip connection's values that is dropped at first, by stage.
        most_skips: Limit of skip connections in the normal cell.

    Raises:
        ConfigError: The numbers of stages differ.
    """
    published = depths is None
    depths = PUBLISHED_DEPTHS if depths is None else depths
    if not len(depths) == len(kept) + 1 == len(dropouts):
        raise ConfigError(
            f"P-DARTS needs a depth and a dropout for each stage and a number of kept candidates "
            f"for each but the last, got {depths}, {dropouts} and {kept}"
        )
    return Strategy(
        "p-darts",
        progress=Stages(
            tuple(depths),
            tuple(kept),
            tuple(dropouts),
            most_skips=most_skips,
            published=published,
        ),
        settings={
            "epochs": 75,
            "batch_size": 96,
            "architecture_lr": 6e-4,
            "weights_lr_min": 0.0,
        },
    )
