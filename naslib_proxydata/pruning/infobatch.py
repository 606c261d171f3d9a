"""Dynamic pruning of well-learnt examples, as a baseline for searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import Level, SearchInfo, hookimpl
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class InfoBatchPruner:
    """Drops, at random, examples whose loss is below the mean (after InfoBatch, arXiv 2303.04947).

    Every ``period`` epochs each example of a level whose last loss lies below the level's mean
    goes with probability ``ratio``, until the last part of the search. InfoBatch itself takes
    dropped examples back in the next epoch and scales up the gradients of those kept; the hooks
    of a search let examples go for good and leave gradients alone, and so does this baseline.

    Args:
        ratio: Probability with which a well-learnt example goes; 0.5 in the paper.
        period: Epochs between two prunings.
        untouched: Share of the search, its end, without pruning; 0.125 in the paper.
        seed: Seed of the draws.

    Raises:
        PruningError: A number is out of its range.
    """

    def __init__(
        self, ratio: float = 0.5, *, period: int = 5, untouched: float = 0.125, seed: int = 0
    ) -> None:
        if not 0 <= ratio < 1 or period < 1 or not 0 <= untouched <= 1:
            raise PruningError(
                "InfoBatch wants ratio in [0, 1), period >= 1 and untouched in [0, 1], got "
                f"{ratio}, {period} and {untouched}"
            )
        self._ratio = ratio
        self._period = period
        self._untouched = untouched
        self._seed = seed
        self._losses: dict[str, Tensor] = {}
        self._size = 0
        self._last_epoch = 0.0

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Forget the losses of an earlier search."""
        if info.targets is None:
            raise PruningError("InfoBatch pruning needs class labels, the dataset has none")
        self._size = len(info.targets)
        self._last_epoch = info.epochs * (1 - self._untouched)
        self._losses = {}

    @hookimpl
    def batch_finished(
        self, level: Level, indices: NDArray[np.int64], probabilities: Tensor, targets: Tensor
    ) -> None:
        """Note the loss -ln p_y of each example of a batch, on its own device."""
        if level not in self._losses:
            self._losses[level] = torch.full((self._size,), torch.nan, device=probabilities.device)
        right = probabilities.gather(1, targets[:, None])[:, 0].float()
        places = torch.from_numpy(indices).to(right.device)
        self._losses[level][places] = -right.clamp_min(1e-12).log()

    @hookimpl
    def prune_examples(
        self, level: Level, epoch: int, active: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Drop well-learnt examples; those without a loss stay."""
        if epoch % self._period or epoch > self._last_epoch or level not in self._losses:
            return None
        losses = self._losses[level].cpu().numpy()[active]
        if np.isnan(losses).all():
            return None
        well_learnt = losses < np.nanmean(losses)  # False where there is no loss
        generator = numpy_generator(self._seed, "infobatch", level, epoch)
        kept: NDArray[np.bool_] = ~(well_learnt & (generator.random(len(active)) < self._ratio))
        return active[kept]

    def state_dict(self) -> dict[str, Any]:
        """Return the losses, for a checkpoint."""
        return dict(self._losses)

    def load_state_dict(self, state: dict[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`."""
        self._losses = dict(state)
