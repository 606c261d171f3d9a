"""Local search: all neighbours of the best, until none is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.evolution.domain import Domain


class LocalSearch(Optimizer[Any]):
    """Starts with random draws, then evaluates all neighbours of the best (arXiv 2005.02960).

    Where all of them are known it draws one at random.

    Args:
        draws: How many are drawn first.
    """

    name = "local-search"

    def __init__(self, draws: int = 10) -> None:
        self.draws = draws

    def settings(self) -> Mapping[str, Any]:
        return {"draws": self.draws}

    def begin(
        self,
        domain: Domain[Any],
        generator: np.random.Generator,
        start: Sequence[Any] = (),
        *,
        batched: bool = False,
    ) -> None:
        super().begin(domain, generator, start, batched=batched)
        self._met: dict[str, Any] = {}

    def propose(self, fitness: Fitness) -> list[Any]:
        proposed = self._neighbours(fitness) if self._met else self.initial(self.draws)
        proposed = proposed or [self.domain.sample(self.generator)]
        self._met.update({self.domain.key(one): one for one in proposed})
        return proposed

    def _neighbours(self, fitness: Fitness) -> list[Any]:
        """Return what is allowed and not known yet around the best."""
        best = self._met[max(self._met, key=lambda key: fitness[key])]
        near = [one for one in self.domain.space.neighbours(best) if self.domain.allows(one)]
        return [one for one in near if self.domain.key(one) not in fitness]
