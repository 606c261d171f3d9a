"""Random search: independent draws."""

from __future__ import annotations

from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.spaces.base import Architecture


class RandomSearch(Optimizer[Architecture]):
    """Draws at random however fit the others are; it has no options."""

    name = "random"

    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return one random architecture, or as many as are known where all are evaluated at once.

        Draws do not depend on each other, so that how many are drawn at once changes no result;
        doubling them keeps few the evaluations of all that is known.
        """
        count = max(1, len(fitness)) if self.batched else 1
        return [self.domain.sample(self.generator) for _ in range(count)]
