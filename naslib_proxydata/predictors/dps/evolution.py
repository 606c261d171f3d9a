"""Regularised evolution of proxies (arXiv 2210.09459, section 2.2; 1802.01548)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from naslib_proxydata.predictors.dps.race import Race
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.dps.space import (
    BRANCHES,
    Genotype,
    canonical,
    mutate,
    sample,
    within,
)
from naslib_proxydata.seeding import numpy_generator

Progress = Callable[[int, int], None]
"""Called with the number of cycles done and of all."""


class Individual(NamedTuple):
    """A proxy of a search and the cycle of its parent, None for one without."""

    genotype: Genotype
    parent: int | None


def evolve(
    settings: EvolutionSettings,
    race: Race,
    seed: int,
    *,
    taps: int = BRANCHES,
    first: Sequence[Genotype] = (),
    progress: Progress | None = None,
) -> tuple[list[Individual], list[Genotype]]:
    """Evolve proxies and return all of them, and the canonical forms of the fittest, best first.

    The population begins with ``first``; random proxies fill it up.

    The random numbers of a cycle depend on the seed and its number alone, so a search that is
    repeated with remembered scores takes the same course to where it was stopped, and one that
    is raced the same as one that is not as long as the tournaments have the same winners.
    """
    individuals: list[Individual] = []
    for cycle in range(settings.cycles):
        generator = numpy_generator(seed, "dps", "cycle", cycle)
        if cycle < settings.population:
            begun = within(first[cycle], taps) if cycle < len(first) else sample(generator, taps)
            individuals.append(Individual(begun, None))
        else:
            # Age decides who dies, not fitness: a proxy that was lucky on few labels is forgotten
            # unless its children do as well (arXiv 1802.01548).
            window = range(cycle - settings.population, cycle)
            drawn = sorted(generator.choice(window, settings.tournament, replace=False).tolist())
            parent = winner(race, individuals, drawn)
            child = mutate(individuals[parent].genotype, generator, settings.mutation_rate, taps)
            individuals.append(Individual(child, parent))
        if progress is not None:
            progress(cycle + 1, settings.cycles)
    return individuals, race.best(
        [individual.genotype for individual in individuals], settings.keep
    )


def winner(race: Race, individuals: list[Individual], drawn: list[int]) -> int:
    """Return which of the drawn cycles has the fittest proxy, the oldest of equally fit ones."""
    (best,) = race.best([individuals[cycle].genotype for cycle in drawn])
    return next(cycle for cycle in drawn if canonical(individuals[cycle].genotype) == best)
