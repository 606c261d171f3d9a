"""NSGA-II: worth against multiply-accumulates (Deb et al. 2002, doi 10.1109/4235.996017).

Sorting into fronts and crowding distances are pymoo's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import SearchError
from naslib_proxydata.evolution.base import Optimizer, OptimizerSettings, Pool, Worth
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.random import Generator

Floats = NDArray[np.float64]


class Nsga2(Optimizer[Architecture]):
    """Evolves towards all best trades of worth for multiply-accumulates.

    Parents and children compete for the ``population`` places: by front, within a front by
    crowding distance. A child is the mutation of the winner of a tournament of two; spaces have
    no crossover. Every generation has as many children as the population members.
    """

    name = "nsga2"

    def __init__(
        self,
        domain: Domain[Architecture],
        generator: Generator,
        settings: OptimizerSettings,
        start: Sequence[Architecture] = (),
    ) -> None:
        super().__init__(domain, generator, settings, start)
        require_pymoo()
        self._living: dict[str, Architecture] = {}

    def propose(self, worth: Worth) -> list[Architecture]:
        """Return the random population at first, then a generation of children."""
        if not self._living:
            proposed = self.first(self.settings.population)
        else:
            order = self.ranked(self._living, worth)[: self.settings.population]
            self._living = {key: self._living[key] for key in order}
            parents = list(self._living.values())
            proposed = [self._child(parents, worth) for _ in range(self.settings.population)]
        for one in proposed:
            self._living.setdefault(self.domain.key(one), one)
        return proposed

    def ranked(self, pool: Pool[Architecture], worth: Worth) -> list[str]:
        """Return the keys by front, within a front the loneliest first."""
        keys = list(pool)
        values = np.array([worth[key] for key in keys])
        macs = np.array([self.domain.macs(pool[key]) for key in keys])
        fronts, crowding = judged(objectives(values, macs))
        return [keys[int(place)] for place in np.lexsort((-crowding, fronts))]

    def _child(self, ranked: Sequence[Architecture], worth: Worth) -> Architecture:
        """Mutate the better of two members drawn from a population that is sorted."""
        winner = int(self.generator.integers(len(ranked), size=2).min())
        return self.child(ranked[winner], worth)


def front(history: Sequence[Query]) -> list[Query]:
    """Return the queries that no other beats in both worth and multiply-accumulates.

    In the order of their multiply-accumulates; of equals the earlier alone.
    """
    values = np.array([one.worth for one in history])
    fronts, _ = judged(objectives(values, np.array([one.macs for one in history])))
    best: dict[tuple[float, int], Query] = {}
    for one, place in zip(history, fronts, strict=True):
        if place == 0 and np.isfinite(one.worth):
            best.setdefault((one.worth, one.macs), one)
    return sorted(best.values(), key=lambda one: one.macs)


def objectives(values: Floats, macs: NDArray[np.int64]) -> Floats:
    """Return what is to be small, shape (n, 2): the negative values and the MACs.

    A value that is not finite counts as the worst one that is.
    """
    finite = values[np.isfinite(values)]
    worst = float(finite.min()) if len(finite) else 0.0
    return np.stack([-np.where(np.isfinite(values), values, worst), macs.astype(float)], axis=1)


def judged(small: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return front (0 is the best) and crowding distance within it of points (n, d)."""
    from pymoo.operators.survival.rank_and_crowding.metrics import get_crowding_function
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    fronts = np.zeros(len(small), dtype=np.int64)
    crowding = np.zeros(len(small))
    for place, front in enumerate(NonDominatedSorting().do(small)):
        fronts[front] = place
        crowding[front] = get_crowding_function("cd").do(small[front])
    return fronts, crowding


def require_pymoo() -> None:
    """Refuse to go on without pymoo.

    Raises:
        SearchError: It is not installed.
    """
    try:
        import pymoo  # noqa: F401
    except ImportError:
        raise SearchError(
            "optimizer 'nsga2' needs pymoo; install it with pip install 'naslib-proxydata[search]'"
        ) from None
