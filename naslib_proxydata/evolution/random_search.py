"""Random search: independent draws."""

from __future__ import annotations

from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.spaces.base import Architecture


class RandomSearch(Optimizer[Architecture]):
    """Draws at random however fit the others are; it has no options."""

    name = "random"

    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return as many random architectures as are known, and at least one.

        Draws do not depend on each other, so that how many are drawn at once changes no result;
        doubling them keeps the evaluations of all that is known few.
        """
        return [self.domain.sample(self.generator) for _ in range(max(1, len(fitness)))]
