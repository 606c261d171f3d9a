"""What bi-level pruning is compared with: EL2N in one shot, and random progressive pruning."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, hookimpl
from naslib_proxydata.pruning.bilevel import labels_of, report
from naslib_proxydata.pruning.drop import Side, check_side, drop, number_to_drop
from naslib_proxydata.pruning.schedule import Schedule, WantedSchedule
from naslib_proxydata.pruning.statistics import ErrorStatistics, error_norms
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


class EL2NPruner:
    """Drops once, by the mean error norm of the first epochs (EL2N, arXiv 2107.07075, eq. 2).

    The levels may lose opposite ends, as in arXiv 2312.14200, table 2, which drops half of each.

    Args:
        fraction: Share of a level's examples that stays.
        epoch: The epoch after which examples go; their errors up to then are averaged.
        drops: The end of the scores that goes.
        weights_drops: The end that the weight examples lose, ``drops`` where None.
        architecture_drops: The end that the architecture examples lose, ``drops`` where None.
        class_balance: Apply BDP's class balance constraint.

    Raises:
        PruningError: The fraction is not in (0, 1), the epoch is below 1, or there is no such end.
    """

    def __init__(
        self,
        fraction: float = 0.5,
        *,
        epoch: int = 10,
        drops: Side = "low",
        weights_drops: Side | None = None,
        architecture_drops: Side | None = None,
        class_balance: bool = False,
    ) -> None:
        if not 0 < fraction < 1 or epoch < 1:
            raise PruningError(
                f"EL2N keeps a fraction in (0, 1) after an epoch >= 1, got {fraction} and {epoch}"
            )
        self._fraction = fraction
        self._epoch = epoch
        self._drops: dict[Level, Side] = {
            "weights": check_side(weights_drops or drops),
            "architecture": check_side(architecture_drops or drops),
        }
        self._class_balance = class_balance

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Start averaging.

        Raises:
            PruningError: The dataset has no labels, or the search ends before the pruning.
        """
        if self._epoch >= info.epochs:
            raise PruningError(
                f"EL2N prunes after epoch {self._epoch}, and the search has {info.epochs}, so that "
                "no epoch would see fewer examples; give an earlier epoch or more epochs"
            )
        self._targets = labels_of(info, "EL2N pruning")
        self._statistics = {level: ErrorStatistics(len(self._targets)) for level in LEVELS}

    @hookimpl
    def batch_finished(
        self, level: Level, epoch: int, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        """Take in the errors of one batch, up to the epoch of the pruning."""
        if epoch <= self._epoch:
            self._statistics[level].update(indices, error_norms(probabilities, targets))

    @hookimpl
    def prune_examples(
        self, level: Level, epoch: int, active: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Drop all that is to go, once."""
        if epoch != self._epoch:
            return None
        result = drop(
            active,
            self._statistics[level].mean()[active],
            self._targets[active],
            number_to_drop(len(active), 1 - self._fraction),
            side=self._drops[level],
            prunings=1 if self._class_balance else None,
        )
        report(_log, epoch, level, result)
        return result.kept

    def settings(self) -> Mapping[str, Any]:
        """Return the options."""
        return {
            "fraction": self._fraction,
            "epoch": self._epoch,
            "drops": dict(self._drops),
            "class_balance": self._class_balance,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the averages, for a checkpoint."""
        return {level: self._statistics[level].state_dict() for level in LEVELS}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`."""
        for level in LEVELS:
            self._statistics[level].load_state_dict(state[level], example)


class RandomPruner:
    """Drops random examples by a schedule: the same sizes as BDP, without its scores.

    Args:
        schedule: A schedule, a preset's name, or the fraction of the examples to be left.
        period: See :class:`~naslib_proxydata.pruning.bilevel.BilevelPruner`.
        ratios: The same.
        seed: Seed of the draws, of which each has a generator of its own; the search's where None.
    """

    def __init__(
        self,
        schedule: Schedule | str | float = "to-4-percent",
        *,
        period: int | None = None,
        ratios: tuple[float, float] | None = None,
        seed: int | None = None,
    ) -> None:
        self._wanted = WantedSchedule(schedule, period, ratios)
        self._wanted_seed = seed

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Resolve the schedule."""
        self.schedule = self._wanted.resolve(info.epochs)
        self._seed = info.seed if self._wanted_seed is None else self._wanted_seed

    @hookimpl
    def prune_examples(
        self, level: Level, epoch: int, active: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Keep a random subset, drawn without replacement."""
        if not self.schedule.prunes_after(epoch):
            return None
        generator = numpy_generator(self._seed, "random pruning", level, epoch)
        kept = len(active) - number_to_drop(len(active), self.schedule.ratio(level))
        return np.sort(generator.choice(active, size=kept, replace=False))

    def settings(self) -> Mapping[str, Any]:
        """Return what a search that has started runs with."""
        return {"schedule": self.schedule.plain(), "seed": self._seed}
