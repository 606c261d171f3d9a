"""DPS: find the proxies that rank a few labelled architectures best (arXiv 2210.09459, 2.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import ConfigError, LabelError
from naslib_proxydata.predictors.dps.evolution import Individual, Progress, evolve
from naslib_proxydata.predictors.dps.race import Evaluate, Race, Request
from naslib_proxydata.predictors.dps.scores import with_mac_term
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.dps.space import BRANCHES, GENES, Genotype, options
from naslib_proxydata.predictors.eproxy.config import EproxyConfig, known_mac_reference, resolve
from naslib_proxydata.predictors.eproxy.presets import Found
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import SearchSpace

Wanted: TypeAlias = tuple[Mapping[str, Any], int]
"""Options of Eproxy, and the position of a labelled architecture."""
ScoreBatch: TypeAlias = Callable[[Sequence[Wanted]], Sequence[float]]
"""Scores without MAC term, in any order and on any number of processes."""
FEWEST_LABELS = 3
"""A correlation of fewer is -1, 0 or 1."""


SEARCHED = frozenset(gene.name for gene in GENES if "." not in gene.name)
"""Options of Eproxy that the search sets."""


def checked_shared(shared: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return options of Eproxy that all proxies are to have, as their types are.

    Raises:
        ConfigError: One is unknown, wrong, or among those that are searched.
    """
    for key in sorted(SEARCHED & set(shared)):
        raise ConfigError(f"{where}: shared.{key} is what is searched; leave it out")
    config = EproxyConfig.parse(shared, f"{where}, shared")
    return config.model_dump(mode="json", include=set(shared))


@dataclass(frozen=True)
class Labelled:
    """The labelled architectures of a search.

    Attributes:
        space: Their space.
        architectures: In their canonical form, as they are scored.
        shared: Options of Eproxy that all proxies have.
        values: Their accuracies, shape (m,).
    """

    space: SearchSpace[Any]
    architectures: Sequence[Any]
    shared: Mapping[str, Any]
    values: NDArray[np.float64]

    @classmethod
    def checked(
        cls,
        space: SearchSpace[Any],
        architectures: Sequence[Any],
        shared: Mapping[str, Any],
        values: NDArray[np.float64],
        where: str,
    ) -> Labelled:
        """Check the labels, and complete the shared options.

        Where the MACs of the space's largest architecture are not known, those of the largest
        labelled one take their place in the MAC term.

        Raises:
            LabelError: The labels are not one finite number for each architecture, are fewer
                than :data:`FEWEST_LABELS`, or are all equal.
        """
        values = np.asarray(values, dtype=np.float64)
        if values.shape != (len(architectures),) or not np.isfinite(values).all():
            raise LabelError(
                f"{where}: expected one finite label for each of {len(architectures)} "
                f"architectures, got shape {values.shape} with {int(np.isfinite(values).sum())} "
                "finite"
            )
        if len(values) < FEWEST_LABELS or np.ptp(values) == 0:
            alike = ", all equal" if len(values) and np.ptp(values) == 0 else ""
            raise LabelError(
                f"{where}: at least {FEWEST_LABELS} labelled architectures whose labels differ "
                f"are needed, got {len(values)}{alike}. Draw more labels, or label others"
            )
        found = tuple(space.canonical(one) for one in architectures)
        shared = dict(shared)
        if known_mac_reference(space.name) is None and "mac_reference" not in shared:
            macs = (space.macs(one, image_size=space.image_size) for one in found)
            shared["mac_reference"] = float(max(macs))
        return cls(space, found, shared, values)

    def taps(self) -> int:
        """Return how many branches a proxy may have."""
        alive = next((one for one in self.architectures if self.space.carries_signal(one)), None)
        if alive is None:
            return BRANCHES
        trunk = self.space.trunk(alive, torch_generator("dps", "taps"))
        return min(BRANCHES, len(trunk.channels))

    def options(self, genotype: Genotype) -> dict[str, Any]:
        """Return all options of a proxy."""
        return {**self.shared, **options(genotype)}

    def scorer(self, score: ScoreBatch) -> Evaluate:
        """Return what scores requests, MAC term included.

        An architecture without signal is never handed on: it scores -inf by every proxy.
        """
        space = self.space
        macs = [space.macs(one, image_size=space.image_size) for one in self.architectures]
        alive = [space.carries_signal(one) for one in self.architectures]

        def evaluate(requests: Sequence[Request]) -> list[float]:
            wanted = [
                (self.options(request.genotype), request.position)
                for request in requests
                if alive[request.position]
            ]
            given = iter(zip(wanted, score(wanted), strict=True))
            values = []
            for request in requests:
                if not alive[request.position]:
                    values.append(-math.inf)
                    continue
                (chosen, position), value = next(given)
                values.append(with_mac_term(value, resolve(chosen, space.name), macs[position]))
            return values

        return evaluate


@dataclass(frozen=True)
class Searched:
    """What a search has found.

    Attributes:
        individuals: Every proxy looked at, in order.
        proxies: The fittest, best first.
        race: What is known of them.
    """

    individuals: Sequence[Individual]
    proxies: tuple[Found, ...]
    race: Race


def search_proxies(
    labelled: Labelled,
    score: ScoreBatch,
    settings: EvolutionSettings,
    seed: int,
    progress: Progress | None = None,
) -> Searched:
    """Search for the proxies that rank the labelled architectures best.

    Args:
        labelled: The architectures and their accuracies.
        score: Scores without MAC term.
        settings: Of the evolution.
        seed: Of the evolution.
        progress: Told the cycle.
    """
    race = Race(labelled.scorer(score), labelled.values, settings.racing, settings.rung)
    individuals, best = evolve(settings, race, seed, taps=labelled.taps(), progress=progress)
    proxies = tuple(
        Found(fitness=race.fitness(genotype), options=labelled.options(genotype))
        for genotype in best
    )
    return Searched(individuals, proxies, race)
