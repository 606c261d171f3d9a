"""One architecture at a time, for tuners that ask for the next and measure it themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic

from naslib_proxydata.errors import ConfigError, LabelError, unknown_name
from naslib_proxydata.evolution.acquisition import ACQUISITIONS, TOP_TWO_THOMPSON, acquisition_of
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np

PARENTS: Final = 5
"""Of so many of the best known architectures all neighbours are candidates."""
MOST_DRAWS: Final = 1000
"""Random architectures in a row that may be known before all count as known."""


@dataclass(frozen=True)
class Known(Generic[Architecture]):
    """What a tuner knows of the architectures that it has tried.

    Attributes:
        measured: Architectures and their values by key, higher is better; infinite ones rank first
            or last.
        pending: Architectures by key that are being measured elsewhere.
        taken: Keys of all that shall not be proposed again: those two, and what failed.
    """

    measured: Mapping[str, tuple[Architecture, float]]
    pending: Mapping[str, Architecture]
    taken: Collection[str]


class Advisor(Generic[Architecture]):
    """Proposes the architecture that is worth measuring next, by a predictor that learns.

    The first are random, or those that a ranking without labels puts first. Then the predictor
    learns from all that is known, and the acquisition chooses among the neighbours of the best
    and random architectures. The predictor is given ranks alone, so values may be in any unit. An
    architecture that is being measured elsewhere counts as the median of what is known (a
    constant liar, Ginsbourger et al. 2010, section 3.2), so that several at once are not all the
    same.

    Args:
        domain: What may be proposed.
        predictor: Prepared.
        acquisition: Name of what a measurement is worth; see :mod:`acquisition`.
        startup: How many architectures are proposed before the predictor has learnt.
        candidates: How many random architectures are drawn for each proposal.
        start: Gives the architectures that are proposed first, best first; called once, and only
            where it is needed. Random ones where None, and after the last.

    Raises:
        ConfigError: There is no such acquisition; the closest is named.
    """

    def __init__(
        self,
        domain: Domain[Architecture],
        predictor: Predictor[Architecture],
        *,
        acquisition: str,
        startup: int,
        candidates: int,
        start: Callable[[], Sequence[Architecture]] | None = None,
    ) -> None:
        if acquisition not in (known := [*ACQUISITIONS, TOP_TWO_THOMPSON]):
            raise ConfigError(unknown_name("acquisition", acquisition, known))
        self.domain = domain
        self.predictor = predictor
        self.acquisition = acquisition
        self.startup = startup
        self.candidates = candidates
        self._begin = start
        self._scores: dict[Architecture, Score] = {}

    def propose(
        self, known: Known[Architecture], generator: np.random.Generator
    ) -> Architecture | None:
        """Return what to measure next; None where nothing is left that is not taken.

        Args:
            known: What is known so far; the proposal depends on this and the generator alone.
            generator: Source of all that is random.
        """
        if len(known.measured) + len(known.pending) >= self.startup:
            found = self._advised(known, generator)
            if found is not None:
                return found
            return self._random(known.taken, generator)
        left = [one for one in self._start if self.domain.key(one) not in known.taken]
        return left[0] if left else self._random(known.taken, generator)

    @cached_property
    def _start(self) -> Sequence[Architecture]:
        return self._begin() if self._begin is not None else ()

    def _advised(
        self, known: Known[Architecture], generator: np.random.Generator
    ) -> Architecture | None:
        """Return the candidate that is worth most; None where all are taken."""
        predicted = PredictedFitness(
            copy(self.predictor), self._scored, acquisition_of(self.acquisition, generator)
        )
        with suppress(LabelError):  # too few, or all alike: ranked as it ranks without labels
            predicted.learn(*labels_of(known))
        pool = self._pool(known, generator)
        fitness = predicted.of(pool)
        left = [key for key in pool if key not in known.taken]
        return pool[max(left, key=fitness.__getitem__)] if left else None

    def _pool(
        self, known: Known[Architecture], generator: np.random.Generator
    ) -> dict[str, Architecture]:
        """Return the neighbours of the best that is known and random architectures, by key."""
        space, parents = self.domain.space, best_first(known)[:PARENTS]
        near = (one for parent in parents for one in space.neighbours(parent))
        pool = {self.domain.key(one): one for one in near if self.domain.allows(one)}
        for _ in range(self.candidates):
            drawn = self.domain.sample(generator)
            pool.setdefault(self.domain.key(drawn), drawn)
        return pool

    def _random(
        self, taken: Collection[str], generator: np.random.Generator
    ) -> Architecture | None:
        for _ in range(MOST_DRAWS):
            drawn = self.domain.sample(generator)
            if self.domain.key(drawn) not in taken:
                return drawn
        return None

    def _scored(self, architectures: Sequence[Architecture]) -> list[Score]:
        for one in architectures:
            if one not in self._scores:
                self._scores[one] = self.predictor.score_one(one)
        return [self._scores[one] for one in architectures]


def labels_of(known: Known[Any]) -> tuple[list[Any], list[float]]:
    """Return what is learnt from, pending ones with the median of what is known, and its ranks."""
    from scipy import stats

    measured = list(known.measured.values())
    ranks = stats.rankdata([value for _, value in measured]) if measured else []
    middle = (len(measured) + 1) / 2
    architectures = [one for one, _ in measured] + list(known.pending.values())
    return architectures, [*map(float, ranks), *[middle] * len(known.pending)]


def best_first(known: Known[Architecture]) -> list[Architecture]:
    """Return the measured architectures, best first; of equals the earlier."""
    return [one for one, _ in sorted(known.measured.values(), key=lambda pair: -pair[1])]
