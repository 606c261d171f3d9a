"""Bi-level data pruning, BDP (arXiv 2312.14200, algorithm 1), as a plugin object."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, hookimpl
from naslib_proxydata.pruning.drop import Pruning, Side, check_side, drop, number_to_drop
from naslib_proxydata.pruning.schedule import SCHEDULE, Schedule, WantedSchedule
from naslib_proxydata.pruning.statistics import ErrorStatistics, error_norms
from naslib_proxydata.ranges import PART, counted, with_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


def labels_of(info: SearchInfo, pruner: str) -> NDArray[np.int64]:
    """Return the labels of the whole dataset.

    Raises:
        PruningError: The dataset has none.
    """
    if info.targets is None:
        raise PruningError(f"{pruner} needs labels, the dataset has none; leave the pruner out")
    return info.targets


class BilevelPruner:
    """Drops examples whose prediction error varies too little or too much during the search.

    The error of each example, e_t = ||p - y||_2, comes from the forward passes that the search
    makes anyway. Its variance over a window of T epochs (VoE) decides: by default the lowest
    go from the weight examples and the highest from the architecture examples. An example that
    was seen fewer than twice in a window has no variance: it stays and is counted.

    Args:
        schedule: A schedule, a preset's name, or the fraction of the examples to be left.
        period: Epochs of a window, T; the schedule's own where None.
        ratios: Shares of the remaining weight and architecture examples to drop each time,
            (p_t, p_v), instead of a schedule.
        weights_drops: The end of the VoE that the weight examples lose.
        architecture_drops: The end of the VoE that the architecture examples lose.
        class_balance: Apply the automatic class balance constraint.

    Attributes:
        history: What each pruning did, as ``(epoch, level, Pruning)``.
    """

    @with_ranges(
        "pruner 'bdp'",
        PruningError,
        schedule=SCHEDULE,
        period=counted(2),
        ratios=replace(PART, many=True),
    )
    def __init__(
        self,
        schedule: Schedule | str | float = "to-4-percent",
        *,
        period: int | None = None,
        ratios: tuple[float, float] | None = None,
        weights_drops: Side = "low",
        architecture_drops: Side = "high",
        class_balance: bool = True,
    ) -> None:
        self._wanted = WantedSchedule(schedule, period, ratios)
        self._drops: dict[Level, Side] = {
            "weights": check_side(weights_drops),
            "architecture": check_side(architecture_drops),
        }
        self._class_balance = class_balance
        self.history: list[tuple[int, Level, Pruning]] = []

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Resolve the schedule and open the first window of both levels."""
        self.schedule = self._wanted.resolve(info.epochs, info.prunable)
        if self.schedule.period < 2:
            raise PruningError("the variance over a window of 1 epoch is zero; use period >= 2")
        self._prunings = self.schedule.prunings(info.epochs)
        self._targets = labels_of(info, "bi-level pruning")
        self._statistics = {level: ErrorStatistics(len(self._targets)) for level in LEVELS}
        self._outcomes = {level: Outcome(info.sizes[level], info.sizes[level]) for level in LEVELS}
        self.history.clear()
        _log.info(
            "bi-level pruning every %d epochs drops %.3g of the weights' and %.3g of the "
            "architecture's examples: %.1f %% of %s are left after %d epochs",
            self.schedule.period,
            self.schedule.weights_ratio,
            self.schedule.architecture_ratio,
            100 * self.schedule.left_of(info.prunable, info.epochs),
            "equal halves" if len(info.prunable) > 1 else f"the {info.prunable[0]}' examples",
            info.epochs,
        )

    @hookimpl
    def batch_finished(
        self, level: Level, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        """Take in the errors of one batch, on the device that computed them."""
        self._statistics[level].update(indices, error_norms(probabilities, targets))

    @hookimpl
    def prune_examples(
        self, level: Level, epoch: int, active: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Drop this level's share at the end of a window, and open the next."""
        if not self.schedule.prunes_after(epoch):
            return None
        result = drop(
            active,
            self._statistics[level].variance()[active],
            self._targets[active],
            number_to_drop(len(active), self.schedule.ratio(level)),
            side=self._drops[level],
            prunings=self._prunings if self._class_balance else None,
        )
        self._statistics[level].clear()
        self.history.append((epoch, level, result))
        self._outcomes[level].take_in(result)
        report(_log, epoch, level, result)
        return result.kept

    @hookimpl
    def search_finished(self) -> None:
        """Say what was reached, and how often the limit of a class bound."""
        for level, outcome in self._outcomes.items():
            _log.info(
                "bi-level pruning, %s: %d of %d examples left after %d prunings, the limit of a "
                "class bound in %d of them and spared %d examples",
                level,
                outcome.left,
                outcome.first,
                outcome.prunings,
                outcome.bound,
                outcome.spared,
            )

    def settings(self) -> Mapping[str, Any]:
        """Return what a search that has started runs with."""
        return {
            "schedule": self.schedule.plain(),
            "drops": dict(self._drops),
            "class_balance": self._class_balance,
        }

    def outcome(self) -> dict[str, dict[str, int]]:
        """Return what the prunings so far did to each level."""
        return {level: self._outcomes[level].plain() for level in LEVELS}

    def state_dict(self) -> dict[str, Any]:
        """Return the open windows and the outcome, for a checkpoint."""
        state: dict[str, Any] = {"outcome": self.outcome()}
        for level in LEVELS:
            state[level] = self._statistics[level].state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`.

        Args:
            state: What :meth:`state_dict` returned.
            example: An array or tensor of the device that will compute the probabilities.
        """
        for level in LEVELS:
            self._statistics[level].load_state_dict(state[level], example)
            if "outcome" in state:  # checkpoints of versions up to 0.1 have none
                self._outcomes[level] = Outcome.of(state["outcome"][level])


@dataclass
class Outcome:
    """What all prunings of one level did.

    Attributes:
        first: Examples at the start of the search.
        left: Examples left.
        prunings: How often examples went.
        bound: In how many of them the limit of a class spared an example.
        spared: How many examples such limits spared, all prunings together.
    """

    first: int
    left: int
    prunings: int = 0
    bound: int = 0
    spared: int = 0

    def take_in(self, result: Pruning) -> None:
        """Count one more pruning."""
        self.left = len(result.kept)
        self.prunings += 1
        self.bound += result.spared > 0
        self.spared += result.spared

    def plain(self) -> dict[str, int]:
        """Return the counts under the names that ``result.json`` has for them."""
        return {
            "prunings": self.prunings,
            "limit bound in": self.bound,
            "spared": self.spared,
            "examples at first": self.first,
            "examples left": self.left,
        }

    @classmethod
    def of(cls, plain: Mapping[str, int]) -> Outcome:
        """Return what :meth:`plain` was made of."""
        return cls(
            plain["examples at first"],
            plain["examples left"],
            plain["prunings"],
            plain["limit bound in"],
            plain["spared"],
        )


def report(log: logging.Logger, epoch: int, level: Level, result: Pruning) -> None:
    """Log one pruning: sizes, and what kept it from dropping more; epoch 0 is before the first."""
    log.info(
        "%s, %s: %d examples left, %d dropped of %d wanted, %d spared by the limit of "
        "their class, %d without a score kept, class balance %.3f",
        f"epoch {epoch}" if epoch else "before the first epoch",
        level,
        len(result.kept),
        result.dropped,
        result.wanted,
        result.spared,
        result.unscored,
        result.balance,
    )
