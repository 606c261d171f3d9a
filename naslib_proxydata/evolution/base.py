"""What an optimizer is: something that proposes architectures, knowing what others are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np

Pool = Mapping[str, Architecture]
"""Evaluated architectures by key, in the order of their evaluation."""
Worth = Mapping[str, float]
"""What the architectures of a pool are worth now, by key; higher is better, never nan."""


WALK = 10
"""Mutations in a row, at most, in search of a child whose function is not known yet."""


class OptimizerSettings(Settings):
    """What optimizers can be told; each takes what concerns it.

    Attributes:
        population: Architectures that evolution keeps.
        sample: How many of them a tournament of regularised evolution compares.
        generation: Children of one population before any of them is evaluated.
    """

    population: int = Field(50, ge=2)
    sample: int = Field(10, ge=1)
    generation: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _sample_from_the_population(self) -> Self:
        if self.sample > self.population:
            raise ValueError(
                f"sample must be at most the population's {self.population}, got {self.sample}"
            )
        return self


class Optimizer(ABC, Generic[Architecture]):
    """Proposes architectures of a domain.

    All that was proposed before is in the ``worth`` that the next call is given, under the
    domain's keys. A proposal may be known already: it is not evaluated again.

    Args:
        domain: What may be proposed.
        generator: Source of all that is random.
        settings: The settings.
        start: Architectures to begin with, instead of as many random ones.

    Attributes:
        name: The name on the command line.
    """

    name: ClassVar[str]

    def __init__(
        self,
        domain: Domain[Architecture],
        generator: np.random.Generator,
        settings: OptimizerSettings,
        start: Sequence[Architecture] = (),
    ) -> None:
        self.domain = domain
        self.generator = generator
        self.settings = settings
        self.start = list(start)

    @abstractmethod
    def propose(self, worth: Worth) -> list[Architecture]:
        """Return at least one architecture to be evaluated."""

    def ranked(self, pool: Pool[Architecture], worth: Worth) -> list[str]:
        """Return the keys of a pool, best first; of equals the earlier."""
        return sorted(pool, key=lambda key: -worth[key])

    def first(self, count: int) -> list[Architecture]:
        """Return what there is to start with, filled up with random architectures."""
        given = self.start[:count]
        return given + [self.domain.sample(self.generator) for _ in range(count - len(given))]

    def child(self, parent: Architecture, worth: Worth) -> Architecture:
        """Mutate a parent, and the result again while it is known: what is known teaches nothing.

        Where :data:`WALK` mutations lead to nothing new, a random architecture takes the place.
        """
        for _ in range(WALK):
            parent = self.domain.mutate(parent, self.generator)
            if self.domain.key(parent) not in worth:
                return parent
        return self.domain.sample(self.generator)
