"""The loops of a discrete search: by true values, or by a predictor that spends them well."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from naslib_proxydata.evolution.base import Fitness, Individuals, Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.queries import Query, TrueFitness
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np

PATIENCE = 20
"""Known architectures proposed in a row, for each that is known, after which the domain counts as
exhausted; where all are equally likely, the odds that one is missed are e^-20."""
SMALLEST_DOMAIN = 50
"""At least so many count as known there, so that a search of few does not give up at once."""

BeginRound = Callable[[int, Sequence[Architecture]], Optimizer[Architecture]]
"""Returns the optimizer of a round (from 1), begun with the given architectures."""
ShouldStop = Callable[[], bool]
"""Called after queries have been made; where it returns True the search ends."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """How much a search guided by a predictor may spend.

    Attributes:
        queries: True values in all.
        evaluations: Architectures that the predictor ranks in a round.
        labels: Queries of random architectures before the first round, for it to learn from.
        per_round: Queries of a round, after which it learns anew.
    """

    queries: int
    evaluations: int
    labels: int
    per_round: int


def explore(
    optimizer: Optimizer[Architecture],
    domain: Domain[Architecture],
    count: int,
    evaluate: Callable[[Individuals[Architecture], Sequence[str]], Fitness],
    known: Fitness = MappingProxyType({}),
    should_stop: ShouldStop = lambda: False,
) -> tuple[dict[str, Architecture], Fitness]:
    """Let an optimizer propose until so many different architectures are evaluated.

    Args:
        optimizer: One that has just begun.
        domain: Its domain.
        count: How many to evaluate; fewer where the domain has no more.
        evaluate: Returns the fitness of all individuals, of which some keys are new.
        known: Whose fitness is known from the start, and not evaluated again.
        should_stop: Whether to stop before.

    Returns:
        The individuals, and their fitness.
    """
    individuals: dict[str, Architecture] = {}
    fitness = known
    idle = 0
    while (
        len(individuals) < count
        and not should_stop()
        and idle < PATIENCE * max(SMALLEST_DOMAIN, len(individuals))
    ):
        new = []
        proposed = optimizer.propose(fitness)
        for architecture in proposed:
            key = domain.key(architecture)
            if key not in individuals and key not in known and len(individuals) < count:
                individuals[key] = architecture
                new.append(key)
        idle = 0 if new else idle + len(proposed)
        if new:
            fitness = evaluate(individuals, new)
    if len(individuals) < count and not should_stop():
        logger.warning(
            "nothing new after %d architectures: %d were asked for", len(individuals), count
        )
    return individuals, fitness


def search_by_value(
    optimizer: Optimizer[Architecture],
    true: TrueFitness[Architecture],
    queries: int,
    should_stop: ShouldStop = lambda: False,
) -> None:
    """Search with the true value as the fitness, which keeps the history."""

    def query(individuals: Individuals[Architecture], new: Sequence[str]) -> Fitness:
        true.query_all([individuals[key] for key in new])
        return true.values

    explore(optimizer, true.domain, queries, query, true.values, should_stop)


def search_by_score(
    optimizer: Optimizer[Architecture], predicted: PredictedFitness[Architecture], evaluations: int
) -> list[Query]:
    """Search with a predictor alone and return what was evaluated, in that order."""
    domain = optimizer.domain
    individuals, fitness = explore(
        optimizer, domain, evaluations, lambda individuals, _: predicted.of(individuals)
    )
    history: list[Query] = []
    best = -math.inf
    for number, (key, architecture) in enumerate(individuals.items(), start=1):
        score = fitness[key]
        best = max(best, score)
        text, macs = domain.space.text(architecture), domain.macs(architecture)
        history.append(Query(number, 1, text, key, score, math.nan, macs, best))
    return history


def search_with_predictor(
    begin: BeginRound[Architecture],
    predicted: PredictedFitness[Architecture],
    true: TrueFitness[Architecture],
    budget: Budget,
    generator: np.random.Generator,
    should_stop: ShouldStop = lambda: False,
) -> None:
    """Search by prediction, and spend true queries on what ranks best; they are the history.

    A predictor that learns is first given random labels, more of them if all are alike, then after
    every round all that is known. In a round an optimizer, which begins with the best that is
    known, evolves on what the predictor says; the best-ranked of its architectures that are not
    known yet are queried.

    Args:
        begin: Begins the optimizer of a round.
        predicted: The predictor's fitness.
        true: The true fitness.
        budget: How much may be spent.
        generator: Draws the random labels.
        should_stop: Asked after each round.
    """
    domain = true.domain
    if predicted.learns and budget.labels:
        draws: RandomSearch[Architecture] = RandomSearch()
        draws.begin(domain, generator, batched=true.ahead is not None)
        search_by_value(draws, true, budget.labels)
        _draw_until_two_differ(draws, true, budget.queries)
    round_number = 0
    while len(true.queries) < budget.queries:
        round_number += 1
        if predicted.learns and len(true.values) >= FEWEST_LABELS:
            predicted.learn(list(true.architectures.values()), list(true.values.values()))
        optimizer = begin(round_number, true.best(len(true.values)))
        individuals, fitness = explore(
            optimizer, domain, budget.evaluations, lambda individuals, _: predicted.of(individuals)
        )
        left = budget.queries - len(true.queries)
        chosen = best_unknown(optimizer, individuals, fitness, true.values)
        chosen = chosen[: min(left, budget.per_round) if predicted.learns else left]
        if not chosen:
            logger.warning(
                "round %d found nothing that is not known yet; the search ends", round_number
            )
            return
        true.query_all(
            [individuals[key] for key in chosen],
            scores=[fitness[key] for key in chosen],
            round_number=round_number,
        )
        if should_stop():
            return


def _draw_until_two_differ(
    draws: RandomSearch[Architecture], true: TrueFitness[Architecture], queries: int
) -> None:
    """Query more while all that is known has one value, of which nothing can be learnt."""
    while len(set(true.values.values())) == 1 and len(true.queries) < queries:
        known = len(true.queries)
        logger.warning(
            "all %d values are %g, of which nothing can be learnt: one more is queried",
            len(true.values),
            next(iter(true.values.values())),
        )
        search_by_value(draws, true, 1)
        if len(true.queries) == known:  # the domain has no more
            return


def best_unknown(
    optimizer: Optimizer[Any], individuals: Individuals[Any], fitness: Fitness, known: Fitness
) -> list[str]:
    """Return the keys of individuals that are not known, best-ranked first."""
    return [key for key in optimizer.ranked(individuals, fitness) if key not in known]
