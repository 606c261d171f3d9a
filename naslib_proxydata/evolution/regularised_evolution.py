"""Regularised evolution (arXiv 1802.01548, algorithm 1): the oldest dies, not the worst."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from naslib_proxydata.evolution.base import Optimizer, OptimizerSettings, Worth
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np


class RegularisedEvolution(Optimizer[Architecture]):
    """Ageing evolution with tournaments.

    The population starts with ``population`` random architectures. Then, again and again,
    ``sample`` of its members are drawn with replacement, the best one's mutation joins, and the
    oldest member leaves. With a ``generation`` above 1 so many children come of the same
    population, as with the paper's workers in parallel. A child that is known is mutated on.
    """

    name = "re"

    def __init__(
        self,
        domain: Domain[Architecture],
        generator: np.random.Generator,
        settings: OptimizerSettings,
        start: Sequence[Architecture] = (),
    ) -> None:
        super().__init__(domain, generator, settings, start)
        self._population: deque[Architecture] = deque(maxlen=settings.population)

    def propose(self, worth: Worth) -> list[Architecture]:
        """Return the random population at first, then children."""
        if not self._population:
            proposed = self.first(self.settings.population)
        else:
            proposed = [self._child(worth) for _ in range(self.settings.generation)]
        self._population.extend(proposed)
        return proposed

    def _child(self, worth: Worth) -> Architecture:
        """Mutate the winner of a tournament; of equals the first drawn wins."""
        drawn = self.generator.integers(len(self._population), size=self.settings.sample)
        rivals = [self._population[int(place)] for place in drawn]
        winner = max(rivals, key=lambda one: worth[self.domain.key(one)])
        return self.child(winner, worth)
