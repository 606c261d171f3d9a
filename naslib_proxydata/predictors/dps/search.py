"""DPS: find the proxies that rank a few labelled architectures best (arXiv 2210.09459, 2.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.dps.evolution import Individual, Progress, evolve
from naslib_proxydata.predictors.dps.race import Evaluate, Race, ScoreRequest
from naslib_proxydata.predictors.dps.scores import with_mac_term
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.dps.space import BRANCHES, GENES, Genotype, options
from naslib_proxydata.predictors.eproxy.config import EproxyConfig, known_mac_reference, resolve
from naslib_proxydata.predictors.eproxy.presets import FittedProxy
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import Architecture, SearchSpace


class LossRequest(NamedTuple):
    """A score without MAC term that is wanted: a negative loss.

    Attributes:
        options: Of Eproxy.
        position: Of the labelled architecture.
    """

    options: Mapping[str, Any]
    position: int


ScoreBatch: TypeAlias = Callable[[Sequence[LossRequest]], Sequence[float]]
"""Scores without MAC term, in any order and on any number of processes."""
SEARCHED_OPTIONS = frozenset(gene.name for gene in GENES if "." not in gene.name)
"""Options of Eproxy that the search sets."""


def checked_shared(shared: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return options of Eproxy that all proxies are to have, as their types are.

    Raises:
        ConfigError: One is unknown, wrong, or among those that are searched.
    """
    for key in sorted(SEARCHED_OPTIONS & set(shared)):
        raise ConfigError(f"{where}: shared.{key} is what is searched; leave it out")
    config = EproxyConfig.parse(shared, f"{where}, shared")
    return config.model_dump(mode="json", include=set(shared))


@dataclass(frozen=True)
class LabelledArchitectures(Generic[Architecture]):
    """The labelled architectures of a search.

    Attributes:
        space: Their space.
        architectures: In their canonical form, as they are scored.
        shared: Options of Eproxy that all proxies have.
        values: Their accuracies, shape (m,).
    """

    space: SearchSpace[Architecture]
    architectures: Sequence[Architecture]
    shared: Mapping[str, Any]
    values: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        space: SearchSpace[Architecture],
        architectures: Sequence[Architecture],
        shared: Mapping[str, Any],
        values: NDArray[np.float64],
    ) -> LabelledArchitectures[Architecture]:
        """Bring the architectures to their canonical form, and complete the shared options.

        The MACs of the space's largest architecture are put down with them, so that what is found
        keeps its scores; where they are not known, those of the largest labelled one take their
        place in the MAC term. All branches have one label convolution, as in the release's DPS.
        The values are what :func:`~naslib_proxydata.predictors.labels.checked_labels` returns.
        """
        canonical = tuple(map(space.canonical, architectures))
        shared = {"shared_label": True, **shared}
        if shared.get("mac_reference") is None:
            known = known_mac_reference(space.name)
            shared["mac_reference"] = float(known or max(map(space.scored_macs, canonical)))
        return cls(space, canonical, shared, values)

    def taps(self) -> int:
        """Return how many branches a proxy may have."""
        alive = next(filter(self.space.carries_signal, self.architectures), None)
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
        macs = list(map(space.scored_macs, self.architectures))
        alive = [space.carries_signal(architecture) for architecture in self.architectures]

        def evaluate(requests: Sequence[ScoreRequest]) -> list[float]:
            losses = [
                LossRequest(self.options(request.genotype), request.position)
                for request in requests
                if alive[request.position]
            ]
            scored = iter(zip(losses, score(losses), strict=True))
            values = []
            for request in requests:
                if not alive[request.position]:
                    values.append(-math.inf)
                    continue
                (chosen, position), value = next(scored)
                values.append(with_mac_term(value, resolve(chosen, space.name), macs[position]))
            return values

        return evaluate


@dataclass(frozen=True)
class ProxySearchResult:
    """What a search has found.

    Attributes:
        individuals: Every proxy looked at, in order.
        proxies: The fittest, best first.
        race: What is known of them.
    """

    individuals: Sequence[Individual]
    proxies: tuple[FittedProxy, ...]
    race: Race


def search_proxies(
    labelled: LabelledArchitectures[Any],
    score: ScoreBatch,
    settings: EvolutionSettings,
    seed: int,
    progress: Progress | None = None,
    *,
    first: Sequence[Genotype] = (),
) -> ProxySearchResult:
    """Search for the proxies that rank the labelled architectures best.

    Args:
        labelled: The architectures and their accuracies.
        score: Scores without MAC term.
        settings: Of the evolution.
        seed: Of the evolution.
        progress: Told the cycle.
        first: Proxies that the population begins with.
    """
    race = Race(labelled.scorer(score), labelled.values, settings.racing, settings.rung)
    individuals, best = evolve(
        settings, race, seed, taps=labelled.taps(), first=first, progress=progress
    )
    proxies = tuple(
        FittedProxy(fitness=race.fitness(genotype), options=labelled.options(genotype))
        for genotype in best
    )
    return ProxySearchResult(individuals, proxies, race)
