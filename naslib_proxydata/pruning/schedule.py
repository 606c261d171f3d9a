"""When a pruner drops how much: the schedules of BDP and the equation that solves for one."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import PruningError, unknown_name
from naslib_proxydata.hookspecs import LEVELS
from naslib_proxydata.ranges import Range
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naslib_proxydata.hookspecs import Level

_log = logging.getLogger(__name__)

SCHEDULE = Range(0, 1, above=True, other=True)
"""A schedule as a number is the share that is left; other things say it otherwise."""
STEEP = 0.5
"""A pruning that takes a larger share than this is warned of."""


@dataclass(frozen=True)
class Schedule:
    """Every ``period`` epochs, a share of the remaining examples of each level goes.

    Attributes:
        period: Epochs of a window, T in the paper; a variance needs at least 2.
        weights_ratio: Share of the remaining weight examples to drop, p_t.
        architecture_ratio: Share of the remaining architecture examples to drop, p_v.
        first: The epoch after which examples go for the first time; 0 stands for ``period``.

    Raises:
        PruningError: A ratio is not in [0, 1) or an epoch number is not sensible.
    """

    period: int
    weights_ratio: float
    architecture_ratio: float
    first: int = 0

    def __post_init__(self) -> None:
        for name in ("weights_ratio", "architecture_ratio"):
            if not 0 <= getattr(self, name) < 1:
                raise PruningError(
                    f"{name} must be at least 0 and below 1 (a share of the remaining examples), "
                    f"got {getattr(self, name)}"
                )
        if self.period < 1 or self.first < 0:
            raise PruningError(
                f"period must be at least 1 and first at least 0, got {self.period}, {self.first}"
            )

    def ratio(self, level: Level) -> float:
        """Return the share of a level's remaining examples that each pruning drops."""
        return self.weights_ratio if level == "weights" else self.architecture_ratio

    def prunes_after(self, epoch: int) -> bool:
        """Return whether examples go after this epoch, counting from 1."""
        first = self.first or self.period
        return epoch >= first and (epoch - first) % self.period == 0

    def prunings(self, epochs: int) -> int:
        """Return how often a search of so many epochs prunes."""
        return sum(self.prunes_after(epoch) for epoch in range(1, epochs + 1))

    def only(self, level: Level) -> Schedule:
        """Return the same for one level, while the other keeps all."""
        if level == "weights":
            return replace(self, architecture_ratio=0.0)
        return replace(self, weights_ratio=0.0)

    def plain(self) -> dict[str, Any]:
        """Return period, ratios and first epoch, as plain data."""
        return asdict(self)

    def remaining(self, epochs: int) -> float:
        """Return the share of equal halves that is left after so many epochs."""
        return self.left_after(self.prunings(epochs))

    def left_of(self, levels: Sequence[Level], epochs: int) -> float:
        """Return the mean share of each of the levels that is left after so many epochs."""
        times = self.prunings(epochs)
        return ordered_sum((1 - self.ratio(level)) ** times for level in levels) / len(levels)

    def left_after(self, times: int) -> float:
        """Return ((1 - p_t)^n + (1 - p_v)^n) / 2, the share of equal halves left by n prunings."""
        return ((1 - self.weights_ratio) ** times + (1 - self.architecture_ratio) ** times) / 2


PRINTED = {
    "25/5": Schedule(period=2, weights_ratio=0.25, architecture_ratio=0.05),
    "20/10": Schedule(period=2, weights_ratio=0.20, architecture_ratio=0.10),
    "15/15": Schedule(period=2, weights_ratio=0.15, architecture_ratio=0.15),
    "10/20": Schedule(period=2, weights_ratio=0.10, architecture_ratio=0.20),
    "5/25": Schedule(period=2, weights_ratio=0.05, architecture_ratio=0.25),
}
"""The ratio pairs p_t/p_v in percent that arXiv 2312.14200 prints (table 3).

T is not printed: 2 is the shortest window that has a variance, and with 50 epochs it leaves 3.8 %
(20/10 and 10/20) and 13.9 % (25/5 and 5/25), which the paper calls 4 % and 14 %.
"""

ENDS = {
    "to-4-percent": PRINTED["20/10"],
    "to-14-percent": PRINTED["25/5"],
    "to-1-percent": Schedule(period=2, weights_ratio=0.20, architecture_ratio=0.15),
}
"""Schedules named by what is left, and how they get there in :data:`PUBLISHED_PRUNINGS`.

The paper does not say which level loses more; here the weights do. Its 1 % is reached by none of
the printed pairs, so that the pair is ours; it leaves 1.05 %.
"""

PUBLISHED_PRUNINGS = 25
"""Prunings of a search of 50 epochs with T = 2."""


def preset(name: str, epochs: int, period: int | None = None) -> Schedule:
    """Return a preset for a search of so many epochs.

    A printed pair is used as it is. A name such as ``to-4-percent`` leaves the same share of each
    level after any number n of prunings: with 25 by the pair that it stands for, otherwise by
    1 - (1 - p)^(25/n) of each of its ratios p.

    Args:
        name: Of :data:`PRINTED` or :data:`ENDS`.
        epochs: Number of epochs of the search.
        period: Epochs of a window; where None, 2 for a printed pair, and otherwise as many as make
            25 prunings, at least 2.

    Raises:
        PruningError: The name is unknown.
    """
    if name in PRINTED:
        return replace(PRINTED[name], period=period or PRINTED[name].period)
    if name not in ENDS:
        raise PruningError(unknown_name("pruning schedule", name, (*ENDS, *PRINTED)))
    pair = replace(ENDS[name], period=period or max(2, epochs // PUBLISHED_PRUNINGS))
    times = pair.prunings(epochs)
    if times in (0, PUBLISHED_PRUNINGS):
        return pair
    weights, architecture = (
        1 - (1 - ratio) ** (PUBLISHED_PRUNINGS / times)
        for ratio in (pair.weights_ratio, pair.architecture_ratio)
    )
    return replace(pair, weights_ratio=weights, architecture_ratio=architecture)


def solve(
    fraction: float, epochs: int, *, period: int = 2, first: int = 0, tilt: float = 2.0
) -> Schedule:
    """Solve for the ratios (p_t, p_v) that leave ``fraction`` of the examples.

    Finds p with ((1 - p_t)^n + (1 - p_v)^n) / 2 = fraction, where n is the number of
    prunings, p_t = p and p_v = p / tilt for tilt >= 1, p_t = p tilt and p_v = p otherwise.

    Args:
        fraction: Share of both halves together that is left after the last epoch.
        epochs: Number of epochs of the search.
        period: Epochs of a window.
        first: The epoch of the first pruning; 0 stands for ``period``.
        tilt: p_t / p_v.

    Raises:
        PruningError: No ratios leave that share in so many prunings.
    """
    bare = Schedule(period, 0.0, 0.0, first)
    times = bare.prunings(epochs)
    if not (0 < fraction <= 1 and tilt > 0):
        raise PruningError(f"fraction must be in (0, 1] and tilt above 0, got {fraction}, {tilt}")
    scale_t, scale_v = min(1.0, tilt), min(1.0, 1 / tilt)
    low, high = 0.0, 1.0
    if times == 0 or (1 - scale_t) ** times + (1 - scale_v) ** times > 2 * fraction:
        raise PruningError(
            f"{times} prunings in {epochs} epochs cannot leave {fraction:.3g} of the examples with "
            f"ratios {tilt:g} to 1; use more epochs, a shorter period or a tilt nearer to 1"
        )
    for _ in range(100):
        middle = (low + high) / 2
        left = (1 - middle * scale_t) ** times + (1 - middle * scale_v) ** times
        low, high = (middle, high) if left > 2 * fraction else (low, middle)
    return replace(bare, weights_ratio=low * scale_t, architecture_ratio=low * scale_v)


def solve_alone(fraction: float, epochs: int, level: Level, period: int | None) -> Schedule:
    """Solve for the ratio p of a level that shrinks alone: (1 - p)^n = fraction.

    Args:
        fraction: Share of the level that is left after the last of n prunings.
        epochs: Number of epochs of the search.
        level: The level; the other one keeps all.
        period: Epochs of a window; 2 where None.
    """
    ratios = solve(fraction, epochs, period=period or 2, tilt=1.0)
    return ratios.only(level)


@dataclass(frozen=True)
class WantedSchedule:
    """A schedule as a user names it, before the number of epochs is known.

    Attributes:
        schedule: A schedule, a preset's name, or the fraction of the examples to be left, as a
            number or as text.
        period: Epochs of a window; the schedule's own where None.
        ratios: Shares of the remaining weight and architecture examples to drop each time, which
            stand in place of ``schedule``.

    Raises:
        PruningError: The ratios are not two numbers, or no preset has the name.
    """

    schedule: Schedule | str | float
    period: int | None = None
    ratios: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.ratios is not None and len(self.ratios) != 2:
            raise PruningError(
                "ratios are two numbers, the shares of the weights' and of the architecture's "
                f"examples to drop, got {self.ratios!r}"
            )
        if not isinstance(self.schedule, Schedule | str | float | int):
            raise PruningError(
                f"a schedule is a name or the share of examples that is left, got {self.schedule!r}"
            )
        if isinstance(self.schedule, str) and self._fraction() is None:
            preset(self.schedule, 2 * PUBLISHED_PRUNINGS)  # an unknown name is told at once
        fraction = self._fraction()
        if fraction is not None and fraction not in SCHEDULE:
            raise PruningError(
                f"a schedule as a share of examples that is left is {SCHEDULE}; got {fraction:g}"
            )

    def resolve(self, epochs: int, levels: Sequence[Level] = LEVELS) -> Schedule:
        """Return the schedule for a search of so many epochs.

        Where one level shrinks alone, a fraction or an end is the share of that level; ratios stay
        what they are.

        Args:
            epochs: Number of epochs of the search.
            levels: The levels that shrink.

        Raises:
            PruningError: It would never prune, or no ratios leave the share in so few epochs.
        """
        found = self._found(epochs) if len(levels) > 1 else self._alone(epochs, levels[0])
        if not found.prunings(epochs):
            raise PruningError(
                f"a search of {epochs} epochs would never prune: examples go for the first time "
                f"after epoch {found.first or found.period}; use more epochs or a shorter period"
            )
        steepest = max(found.weights_ratio, found.architecture_ratio)
        if steepest > STEEP:
            _log.warning(
                "each of the %d prunings takes %.0f %% of a level's remaining examples, whose "
                "errors were watched for %d epochs; more epochs would take fewer at a time",
                found.prunings(epochs),
                100 * steepest,
                found.period,
            )
        return found

    def _found(self, epochs: int) -> Schedule:
        if self.ratios is not None:
            weights_ratio, architecture_ratio = self.ratios
            return Schedule(self.period or 2, float(weights_ratio), float(architecture_ratio))
        fraction = self._fraction()
        if fraction is not None:
            return solve(fraction, epochs, period=self.period or 2)
        if isinstance(self.schedule, Schedule):
            return replace(self.schedule, period=self.period or self.schedule.period)
        return preset(str(self.schedule), epochs, self.period)

    def _alone(self, epochs: int, level: Level) -> Schedule:
        fraction = self._fraction()
        if self.ratios is None and self.schedule in ENDS:
            fraction = ENDS[str(self.schedule)].left_after(PUBLISHED_PRUNINGS)
            period = self.period or max(2, epochs // PUBLISHED_PRUNINGS)
            return solve_alone(fraction, epochs, level, period)
        if self.ratios is None and fraction is not None:
            return solve_alone(fraction, epochs, level, self.period)
        return self._found(epochs).only(level)

    def _fraction(self) -> float | None:
        """Return the fraction that is meant, None where a schedule or a preset is."""
        if isinstance(self.schedule, Schedule):
            return None
        try:
            return float(self.schedule)
        except ValueError:
            return None
