"""What bi-level pruning is compared with: EL2N in one shot, and random progressive pruning."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, hookimpl
from naslib_proxydata.pruning.bilevel import labels_of, report
from naslib_proxydata.pruning.drop import Pruning, Side, check_side, drop, number_to_drop
from naslib_proxydata.pruning.schedule import SCHEDULE, Schedule, WantedSchedule
from naslib_proxydata.pruning.statistics import ErrorStatistics, error_norms
from naslib_proxydata.ranges import PART, WHOLE, Range, counted, with_ranges
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


class EL2NPruner:
    """Drops once, by the error norm early in training (EL2N, arXiv 2107.07075).

    With ``scores`` examples go before the first epoch, by scores of a network that was trained
    beforehand: arXiv 2312.14200, table 2, so drops half of each level, the ends of which may be
    opposite. Without, the supernet's own mean error of the first epochs decides, which no paper
    does: it costs no training beforehand.

    Args:
        fraction: Share of a level's examples that stays.
        scores: A score of each example of the dataset, shape (dataset size,), finite for those in
            use; the command takes a score file.
        epoch: Without scores, the epoch after which examples go, 10 where None; their errors up
            to then are averaged.
        drops: The end of the scores that goes.
        weights_drops: The end that the weight examples lose, ``drops`` where None.
        architecture_drops: The end that the architecture examples lose, ``drops`` where None.
        class_balance: Apply BDP's class balance constraint.

    Attributes:
        scorer: Name of the scorer whose scores it goes by.

    Raises:
        PruningError: The fraction is not in (0, 1), the epoch is below 1 or stands beside scores,
            the scores are no numbers in one row, or there is no such end.
    """

    scorer = "el2n"

    @with_ranges(
        "pruner 'el2n'",
        PruningError,
        fraction=Range(0, 1, above=True, below=True),
        epoch=counted(1),
    )
    def __init__(
        self,
        fraction: float = 0.5,
        *,
        scores: NDArray[np.float64] | None = None,
        epoch: int | None = None,
        drops: Side = "low",
        weights_drops: Side | None = None,
        architecture_drops: Side | None = None,
        class_balance: bool = False,
    ) -> None:
        if scores is not None and epoch is not None:
            raise PruningError(
                f"EL2N prunes before the first epoch where it is given scores, got epoch {epoch} "
                "beside them; leave out one of the two"
            )
        self._epoch = 10 if epoch is None else epoch
        self._fraction = fraction
        self._scores = None if scores is None else _numbers_in_a_row(scores)
        self._dropped: dict[Level, Pruning] = {}
        self._drops: dict[Level, Side] = {
            "weights": check_side(weights_drops or drops),
            "architecture": check_side(architecture_drops or drops),
        }
        self._class_balance = class_balance

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Start averaging.

        Raises:
            PruningError: The dataset has no labels or another size than the scores, or the search
                ends before the pruning.
        """
        self._dropped = {}
        if self._scores is None and self._epoch >= info.epochs:
            raise PruningError(
                f"EL2N prunes after epoch {self._epoch}, and the search has {info.epochs}, so that "
                "no epoch would see fewer examples; give an earlier epoch or more epochs"
            )
        self._targets = labels_of(info, "EL2N pruning")
        if self._scores is not None and len(self._scores) != len(self._targets):
            raise PruningError(
                f"EL2N pruning was given scores of {len(self._scores)} examples, the dataset has "
                f"{len(self._targets)}; score this dataset"
            )
        self._statistics = {level: ErrorStatistics(len(self._targets)) for level in LEVELS}

    @hookimpl
    def batch_finished(
        self, level: Level, epoch: int, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        """Take in the errors of one batch, up to the epoch of the pruning."""
        if self._scores is None and epoch <= self._epoch:
            self._statistics[level].update(indices, error_norms(probabilities, targets))

    @hookimpl
    def prune_at_start(self, level: Level, active: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Drop by the given scores, where there are any.

        Raises:
            PruningError: An example in use has no score, or the scores would drop nothing.
        """
        if self._scores is None:
            return None
        scores = self._scores[active]
        missing = active[~np.isfinite(scores)]
        if len(missing):
            raise PruningError(
                f"EL2N pruning: {len(missing)} of {len(active)} {level} examples in use have no "
                f"finite score, the first is example {missing[0]}; score the whole dataset again"
            )
        if scores.min() == scores.max():
            raise PruningError(
                f"EL2N pruning: all {len(active)} {level} examples in use have the score "
                f"{scores[0]:g}, which says nothing of which to drop; score the dataset with a "
                "model that learns it"
            )
        return self._drop(0, level, active, scores).kept

    @hookimpl
    def prune_examples(
        self, level: Level, epoch: int, active: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Drop all that is to go, once."""
        if self._scores is not None or epoch != self._epoch:
            return None
        scores = self._statistics[level].mean()[active]
        return self._drop(epoch, level, active, scores).kept

    def _drop(
        self, epoch: int, level: Level, active: NDArray[np.int64], scores: NDArray[np.float64]
    ) -> Pruning:
        """Drop from a level's end of the scores; epoch 0 stands for before the first."""
        result = drop(
            active,
            scores,
            self._targets[active],
            number_to_drop(len(active), 1 - self._fraction),
            side=self._drops[level],
            prunings=1 if self._class_balance else None,
        )
        if not result.dropped and self._scores is not None:
            raise PruningError(
                f"EL2N pruning to a fraction of {self._fraction:g} would drop none of "
                f"{len(active)} {level} examples; give a lower fraction"
            )
        report(_log, epoch, level, result)
        self._dropped[level] = result
        return result

    def settings(self) -> Mapping[str, Any]:
        """Return the options; epoch 0 stands for before the first, by given scores."""
        return {
            "fraction": self._fraction,
            "epoch": self._epoch if self._scores is None else 0,
            "drops": dict(self._drops),
            "class_balance": self._class_balance,
            **({} if self._scores is None else {"scores_sha256": _sha256(self._scores)}),
        }

    def outcome(self) -> Mapping[str, Any]:
        """Return by level how many examples were there, went, and were left.

        A level is absent where the pruning was done before the search was interrupted.
        """
        return {
            level: {
                "examples at first": len(result.kept) + result.dropped,
                "dropped": result.dropped,
                "examples left": len(result.kept),
            }
            for level, result in self._dropped.items()
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the averages, for a checkpoint."""
        return {level: self._statistics[level].state_dict() for level in LEVELS}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`."""
        for level in LEVELS:
            self._statistics[level].load_state_dict(state[level], example)


def _numbers_in_a_row(scores: Any) -> NDArray[np.float64]:
    """Return scores as float64, shape (n,).

    Raises:
        PruningError: They are something else, such as the path of a file.
    """
    array = np.asarray(scores)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise PruningError(
            "EL2N pruning expects scores as numbers, one for each example, got "
            f"{array.dtype} of shape {array.shape}; 'naslib-proxydata search' and the function "
            "search read them from a score file of 'select --scorer el2n --save-scores'"
        )
    return array.astype(np.float64)


def _sha256(scores: NDArray[np.float64]) -> str:
    return hashlib.sha256(scores.astype("<f8").tobytes()).hexdigest()


class RandomPruner:
    """Drops random examples by a schedule: the same sizes as BDP, without its scores.

    Args:
        schedule: A schedule, a preset's name, or the fraction of the examples to be left.
        period: See :class:`~naslib_proxydata.pruning.bilevel.BilevelPruner`.
        ratios: The same.
        seed: Seed of the draws, of which each has a generator of its own; the search's where None.
    """

    @with_ranges(
        "pruner 'random'",
        PruningError,
        schedule=SCHEDULE,
        period=counted(1),
        ratios=replace(PART, many=True),
        seed=WHOLE,
    )
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
        self.schedule = self._wanted.resolve(info.epochs, info.prunable)
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
