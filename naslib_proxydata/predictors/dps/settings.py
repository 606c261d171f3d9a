"""Settings of the search for proxies (DPS)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.schema import Settings

Racing: TypeAlias = Literal["statistical", "exact", "none"]
"""What stops a proxy early, see :class:`EvolutionSettings`."""


class EvolutionSettings(Settings):
    """Regularised evolution as the authors' program of arXiv 2210.09459 sets it, and racing."""

    population: int = Field(40, ge=1, description="How many of the youngest may be parents.")
    tournament: int = Field(
        10, ge=1, description="How many of them are drawn for a child; the fittest is its parent."
    )
    mutation_rate: float = Field(
        0.2, gt=0, le=1, description="Probability with which each gene of a child mutates."
    )
    cycles: int = Field(
        200, ge=1, description="Proxies looked at in all, the random population included."
    )
    racing: Racing = Field(
        "statistical",
        description="A proxy is scored no further while an upper limit of its fitness, which "
        "holds by what other proxies have gained (statistical) or for certain (exact), is below "
        "the fitness of the best of its tournament. none: every proxy scores every labelled "
        "architecture.",
    )
    rung: int = Field(
        1,
        ge=1,
        description="How many further labelled architectures a raced proxy is scored on at a time. "
        "One needs the fewest scores; as many as there are workers keeps all of them busy.",
    )
    keep: int = Field(10, ge=1, description="How many of the fittest are kept and averaged.")

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        if self.tournament > self.population:
            raise ValueError(
                f"a tournament of {self.tournament} needs a population of at least as many, "
                f"got {self.population}"
            )
        return self
