"""What an optimizer is: something that proposes architectures, knowing how fit others are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np

Individuals = Mapping[str, Architecture]
"""Evaluated architectures by key, in the order of their evaluation."""
Fitness = Mapping[str, float]
"""How fit architectures are now, by key; higher is better, ``-inf`` for a failure, never nan."""

MOST_MUTATIONS = 10
"""Mutations in a row, at most, in search of a child whose function is not known yet."""


class Optimizer(ABC, Generic[Architecture]):
    """Proposes architectures of a domain; one object serves one search at a time.

    It is made from its own options. :meth:`begin` binds it to a search, as often as one begins;
    then :meth:`propose` is called again and again. All that was proposed before is in the fitness
    that the next call is given, under the domain's keys. A proposal may be known already: it is
    not evaluated again.

    Attributes:
        name: The name on the command line.
        domain: What may be proposed.
        generator: Source of all that is random.
        start: Architectures to begin with, best first.
        batched: Whether many are evaluated at once, as by a predictor, and not one by one, each
            for a query.
    """

    name: ClassVar[str]
    domain: Domain[Architecture]
    generator: np.random.Generator
    start: Sequence[Architecture]
    batched: bool

    def settings(self) -> Mapping[str, Any]:
        """Return its options with their defaults, as plain data that makes an equal optimizer."""
        return {}

    def begin(
        self,
        domain: Domain[Architecture],
        generator: np.random.Generator,
        start: Sequence[Architecture] = (),
        *,
        batched: bool = False,
    ) -> None:
        """Bind to a search that begins, and forget any before it.

        Args:
            domain: What may be proposed.
            generator: Source of all that is random.
            start: Architectures known to be good, best first; those outside the domain are left
                out.
            batched: Whether many are evaluated at once.
        """
        self.domain = domain
        self.generator = generator
        self.start = [architecture for architecture in start if domain.allows(architecture)]
        self.batched = batched

    @abstractmethod
    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return at least one architecture of the domain, to be evaluated."""

    def ranked(self, individuals: Individuals[Architecture], fitness: Fitness) -> list[str]:
        """Return the keys of individuals, best first; of equals the earlier."""
        return sorted(individuals, key=lambda key: -fitness[key])

    def front(self, history: Sequence[Query]) -> Sequence[Query]:
        """Return the best trades between objectives; none where there is one objective."""
        return ()

    def initial(self, count: int) -> list[Architecture]:
        """Return a first population: at most half of it to begin with, the rest random."""
        given = list(self.start[: count // 2])
        return given + [self.domain.sample(self.generator) for _ in range(count - len(given))]

    def child(self, parent: Architecture, fitness: Fitness) -> Architecture:
        """Mutate a parent, and the result again while it is known: what is known teaches nothing.

        Where :data:`MOST_MUTATIONS` lead to nothing new, a random architecture takes the place.
        """
        for _ in range(MOST_MUTATIONS):
            parent = self.domain.mutate(parent, self.generator)
            if self.domain.key(parent) not in fitness:
                return parent
        return self.domain.sample(self.generator)
