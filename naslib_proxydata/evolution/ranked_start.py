"""Where a search starts from: random architectures, best first by a predictor without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    import numpy as np


def ranked_start(
    domain: Domain[Architecture],
    predictor: Predictor[Architecture],
    candidates: int,
    generator: np.random.Generator,
) -> list[Architecture]:
    """Return random architectures, each function once, best first.

    Args:
        domain: What may be proposed.
        predictor: Prepared; it ranks without labels.
        candidates: How many are drawn; of one function only the first is kept.
        generator: Source of the draws.
    """
    pool: dict[str, Architecture] = {}
    for _ in range(candidates):
        drawn = domain.sample(generator)
        pool.setdefault(domain.key(drawn), drawn)
    fitness = PredictedFitness(predictor, predictor.score_many).of(pool)
    return [pool[key] for key in sorted(pool, key=lambda key: -fitness[key])]
