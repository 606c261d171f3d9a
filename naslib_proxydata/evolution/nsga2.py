"""NSGA-II: fitness against multiply-accumulates (Deb et al. 2002, doi 10.1109/4235.996017).

Sorting into fronts and crowding distances are pymoo's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from naslib_proxydata.errors import SearchError
from naslib_proxydata.evolution.base import Fitness, Individuals, Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.random import Generator

Floats = NDArray[np.float64]


class Nsga2Settings(Settings):
    """The options of NSGA-II."""

    population: int = Field(
        50, ge=2, description="Architectures that survive, and children of a generation."
    )


class Nsga2(Optimizer[Architecture]):
    """Evolves towards all best trades of fitness for multiply-accumulates.

    Parents and children compete for the ``population`` places: by front, within a front by
    crowding distance. A child is the mutation of the winner of a tournament of two; spaces have
    no crossover. Every generation has as many children as the population members.

    Args:
        options: See :class:`Nsga2Settings`.

    Raises:
        SearchError: pymoo is not installed.
    """

    name = "nsga2"

    def __init__(self, **options: Any) -> None:
        self.options = Nsga2Settings.parse(options, "optimizer 'nsga2'")
        require_pymoo()

    def settings(self) -> Mapping[str, Any]:
        """Return its options."""
        return self.options.model_dump()

    def begin(
        self,
        domain: Domain[Architecture],
        generator: Generator,
        start: Sequence[Architecture] = (),
        *,
        batched: bool = False,
    ) -> None:
        """Begin with nobody alive."""
        super().begin(domain, generator, start, batched=batched)
        self._population: dict[str, Architecture] = {}

    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return the first population, then a generation of children."""
        size = self.options.population
        if not self._population:
            proposed = self.initial(size)
        else:
            survivors = self.ranked(self._population, fitness)[:size]
            self._population = {key: self._population[key] for key in survivors}
            parents = list(self._population.values())
            proposed = [self._child(parents, fitness) for _ in range(size)]
        for architecture in proposed:
            self._population.setdefault(self.domain.key(architecture), architecture)
        return proposed

    def ranked(self, individuals: Individuals[Architecture], fitness: Fitness) -> list[str]:
        """Return the keys by front, within a front the loneliest first."""
        keys = list(individuals)
        values = np.array([fitness[key] for key in keys])
        macs = np.array([self.domain.macs(individuals[key]) for key in keys])
        fronts, crowding = fronts_and_crowding(objectives(values, macs))
        return [keys[int(place)] for place in np.lexsort((-crowding, fronts))]

    def front(self, history: Sequence[Query]) -> Sequence[Query]:
        """Return the queries that no other beats in both fitness and multiply-accumulates."""
        return pareto_front(history)

    def _child(self, ranked: Sequence[Architecture], fitness: Fitness) -> Architecture:
        """Mutate the better of two members drawn from a population that is sorted."""
        winner = int(self.generator.integers(len(ranked), size=2).min())
        return self.child(ranked[winner], fitness)


def pareto_front(history: Sequence[Query]) -> list[Query]:
    """Return the queries that no other beats in both fitness and multiply-accumulates.

    In the order of their multiply-accumulates; of equals the earlier alone.
    """
    values = np.array([query.fitness for query in history])
    macs = np.array([query.macs for query in history])
    fronts, _ = fronts_and_crowding(objectives(values, macs))
    best: dict[tuple[float, int], Query] = {}
    for query, front in zip(history, fronts, strict=True):
        if front == 0 and np.isfinite(query.fitness):
            best.setdefault((query.fitness, query.macs), query)
    return sorted(best.values(), key=lambda query: query.macs)


def objectives(fitness: Floats, macs: NDArray[np.int64]) -> Floats:
    """Return what is to be small, shape (n, 2): the negative fitness and the MACs.

    A fitness that is not finite counts as the worst one that is.
    """
    finite = fitness[np.isfinite(fitness)]
    worst = float(finite.min()) if len(finite) else 0.0
    return np.stack([-np.where(np.isfinite(fitness), fitness, worst), macs.astype(float)], axis=1)


def fronts_and_crowding(small: Floats) -> tuple[NDArray[np.int64], Floats]:
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
            "optimizer 'nsga2' needs pymoo; install it with pip install 'naslib-proxydata[evolve]'"
        ) from None
