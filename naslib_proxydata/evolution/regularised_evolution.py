"""Regularised evolution (arXiv 1802.01548, algorithm 1): the oldest dies, not the worst."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.evolution.base import Fitness, Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np


class RegularisedEvolutionSettings(Settings):
    """The options of regularised evolution; the paper's are 100, 25 and its number of workers."""

    population: int = Field(50, ge=2, description="Architectures that are alive.")
    sample: int = Field(10, ge=1, description="How many of them a tournament compares.")
    generation: int | None = Field(
        None,
        ge=1,
        description="Children of one population before any of them is evaluated; null for one "
        "where each costs a query, and for as many as the population where a predictor evaluates "
        "them.",
    )

    @model_validator(mode="after")
    def _sample_from_the_population(self) -> Self:
        if self.sample > self.population:
            raise ValueError(
                f"sample must be at most the population's {self.population}, got {self.sample}"
            )
        return self


class RegularisedEvolution(Optimizer[Architecture]):
    """Ageing evolution with tournaments.

    The population starts with ``population`` random architectures. Then, again and again,
    ``sample`` of its members are drawn with replacement, the best one's mutation joins, and the
    oldest member leaves. With a ``generation`` above 1 so many children come of the same
    population, as with the paper's workers in parallel. A child that is known is mutated on.

    Args:
        options: See :class:`RegularisedEvolutionSettings`.
    """

    name = "re"

    def __init__(self, **options: Any) -> None:
        self.options = RegularisedEvolutionSettings.parse(options, "optimizer 're'")

    def settings(self) -> Mapping[str, Any]:
        """Return its options."""
        return self.options.model_dump()

    def begin(
        self,
        domain: Domain[Architecture],
        generator: np.random.Generator,
        start: Sequence[Architecture] = (),
        *,
        batched: bool = False,
    ) -> None:
        """Begin with nobody alive."""
        super().begin(domain, generator, start, batched=batched)
        self._population: deque[Architecture] = deque(maxlen=self.options.population)

    def propose(self, fitness: Fitness) -> list[Architecture]:
        """Return the first population, then children."""
        if not self._population:
            proposed = self.initial(self.options.population)
        else:
            proposed = [self._child(fitness) for _ in range(self._generation())]
        self._population.extend(proposed)
        return proposed

    def _generation(self) -> int:
        return self.options.generation or (self.options.population if self.batched else 1)

    def _child(self, fitness: Fitness) -> Architecture:
        """Mutate the winner of a tournament; of equals the first drawn wins."""
        drawn = self.generator.integers(len(self._population), size=self.options.sample)
        rivals = [self._population[int(place)] for place in drawn]
        winner = max(rivals, key=lambda rival: fitness[self.domain.key(rival)])
        return self.child(winner, fitness)
