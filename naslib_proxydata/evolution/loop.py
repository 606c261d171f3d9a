"""The loops of a discrete search: by true values, or by a predictor that spends them well."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from naslib_proxydata.evolution.base import Optimizer, OptimizerSettings, Pool, Worth
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.queries import Oracle, Query
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np

PATIENCE = 20
"""Known architectures proposed in a row, for each that is known, after which the domain counts as
exhausted; where all are equally likely, the odds that one is missed are e^-20."""
FEWEST = 50
"""What is known counts as at least so many."""

MakeOptimizer = Callable[[int, Sequence[Architecture]], Optimizer[Architecture]]
"""Makes the optimizer of a round (from 1) that begins with the given architectures."""
Done = Callable[[], bool]
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
    worth_of: Callable[[Pool[Architecture], Sequence[str]], Worth],
    known: Worth = MappingProxyType({}),
    done: Done = lambda: False,
) -> tuple[dict[str, Architecture], Worth]:
    """Let an optimizer propose until so many different architectures are evaluated.

    Args:
        optimizer: A new one.
        domain: Its domain.
        count: How many to evaluate; fewer where the domain has no more.
        worth_of: Evaluates a pool of which some keys are new.
        known: What is worth so much from the start, and not evaluated again.
        done: Whether to stop before.

    Returns:
        The pool, and what its architectures are worth.
    """
    pool: dict[str, Architecture] = {}
    worth = known
    idle = 0
    while len(pool) < count and not done() and idle < PATIENCE * max(FEWEST, len(pool)):
        new = []
        proposed = optimizer.propose(worth)
        for architecture in proposed:
            key = domain.key(architecture)
            if key not in pool and key not in known and len(pool) < count:
                pool[key] = architecture
                new.append(key)
        idle = 0 if new else idle + len(proposed)
        if new:
            worth = worth_of(pool, new)
    if len(pool) < count and not done():
        logger.warning("nothing new after %d architectures: %d were asked for", len(pool), count)
    return pool, worth


def search_by_value(
    optimizer: Optimizer[Architecture],
    oracle: Oracle[Architecture],
    queries: int,
    done: Done = lambda: False,
) -> None:
    """Search with the true value as the fitness; the oracle keeps the history."""

    def worth_of(pool: Pool[Architecture], new: Sequence[str]) -> Worth:
        for key in new:
            oracle.query(pool[key])
        return oracle.values

    explore(optimizer, oracle.domain, queries, worth_of, oracle.values, done)


def search_by_score(
    optimizer: Optimizer[Architecture], fitness: PredictedFitness[Architecture], evaluations: int
) -> list[Query]:
    """Search with a predictor alone and return what was evaluated, in that order."""
    domain = optimizer.domain
    pool, worth = explore(optimizer, domain, evaluations, lambda pool, _: fitness.worth(pool))
    history: list[Query] = []
    best = -math.inf
    for number, (key, one) in enumerate(pool.items(), start=1):
        best = max(best, worth[key])
        text = domain.space.text(one)
        history.append(Query(number, 1, text, key, worth[key], math.nan, domain.macs(one), best))
    return history


def search_with_predictor(
    make: MakeOptimizer[Architecture],
    fitness: PredictedFitness[Architecture],
    oracle: Oracle[Architecture],
    budget: Budget,
    generator: np.random.Generator,
    done: Done = lambda: False,
) -> None:
    """Search by fitness, and spend true queries on what ranks best; the oracle keeps the history.

    A predictor that learns is first given random labels, then after every round all that is
    known. In a round a new optimizer, which begins with the best that is known, evolves on what
    the predictor says; the best-ranked of its architectures that are not known yet are queried.
    """
    domain = oracle.domain
    if fitness.learns and budget.labels:
        settings = OptimizerSettings(generation=budget.labels)
        search_by_value(RandomSearch(domain, generator, settings), oracle, budget.labels)
    round_ = 0
    while len(oracle.queries) < budget.queries:
        round_ += 1
        if fitness.learns and len(oracle.values) >= FEWEST_LABELS:
            fitness.learn(list(oracle.architectures.values()), list(oracle.values.values()))
        optimizer = make(round_, oracle.best(len(oracle.values)))
        pool, worth = explore(
            optimizer, domain, budget.evaluations, lambda pool, _: fitness.worth(pool)
        )
        left = budget.queries - len(oracle.queries)
        chosen = fresh(optimizer, pool, worth, oracle.values)
        chosen = chosen[: min(left, budget.per_round) if fitness.learns else left]
        if not chosen:
            logger.warning("round %d found nothing that is not known yet; the search ends", round_)
            return
        for key in chosen:
            oracle.query(pool[key], score=worth[key], round_=round_)
        if done():
            return


def fresh(optimizer: Optimizer[Any], pool: Pool[Any], worth: Worth, known: Worth) -> list[str]:
    """Return the keys of a pool that are not known, best-ranked first."""
    return [key for key in optimizer.ranked(pool, worth) if key not in known]
