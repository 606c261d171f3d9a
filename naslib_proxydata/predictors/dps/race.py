"""Racing: find the best of many proxies without scoring every labelled architecture by each.

Regularised evolution only asks which proxy of a tournament is the best. So the architectures are
scored in one fixed order, and a proxy is scored further only while it may still be the best:
while an upper limit of its final fitness is not below the fitness of the best one that is known.
What was scored is kept, and a proxy that was left behind is taken up again where a later
tournament is weaker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.predictors.dps.settings import Racing
from naslib_proxydata.predictors.dps.space import Genotype, canonical
from naslib_proxydata.ranking import order_codes, spearman

Floats = NDArray[np.float64]
FIRST_RUNG = 3
"""How many architectures are scored at first."""
FEWEST_COMPLETE = 3
"""The statistical limit needs so many proxies that have scored everything."""
INDIFFERENT = 0.01
"""Who may be fitter by less than this is not scored further by the statistical limit: on twenty
labels a correlation of one half has a standard error of 0.17."""


class ScoreRequest(NamedTuple):
    """A score that is wanted: of the labelled architecture at a position, by a proxy."""

    genotype: Genotype
    position: int


Evaluate: TypeAlias = Callable[[Sequence[ScoreRequest]], Sequence[float]]
"""Scores a batch, in any order and on any number of processes; higher is better."""


class Race:
    """What is known of every proxy that took part.

    Args:
        evaluate: Scores requests; never asked for one twice.
        labels: Accuracies of the labelled architectures, shape (m,).
        racing: What stops a proxy.
        rung: How many further architectures a proxy is scored on at a time.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        labels: Floats,
        racing: Racing = "statistical",
        rung: int = 1,
    ) -> None:
        self._evaluate = evaluate
        self.labels = np.asarray(labels, dtype=np.float64)
        self.racing = racing
        self.rung = rung
        self.order = spread_order(self.labels)
        self._ordered = self.labels[self.order]
        self._scores: dict[Genotype, list[float]] = {}
        self._correlations: dict[Genotype, list[float]] = {}
        self._exact: dict[tuple[Genotype, int], float] = {}
        self._gains: list[Floats] = []
        self._expected: dict[int, tuple[float, float]] = {}

    def best(self, candidates: Sequence[Genotype], keep: int = 1) -> list[Genotype]:
        """Return the ``keep`` fittest, best first; of equally fit ones the first named.

        Genotypes of one canonical form are one candidate, and are returned in that form.
        """
        names = list(dict.fromkeys(canonical(genotype) for genotype in candidates))
        while True:
            rung = self._next_rung(names, keep)
            if not rung:
                break
            self._advance(rung)
        complete = [name for name in names if self._known(name) == len(self.labels)]
        return sorted(complete, key=lambda name: -_last(self.fitness(name)))[:keep]

    def fitness(self, genotype: Genotype) -> float:
        """Return Spearman's rho on the labels, nan where it is not defined or not yet known."""
        name = canonical(genotype)
        complete = self._known(name) == len(self.labels)
        return self._correlations[name][-1] if complete else math.nan

    def evaluations(self) -> int:
        """Return how many scores were asked for."""
        return sum(map(len, self._scores.values()))

    def upper(self, genotype: Genotype) -> float:
        """Return the upper limit of the final fitness."""
        name = canonical(genotype)
        scores = self._scores.get(name, [])
        key = name, len(scores)
        if key not in self._exact:
            self._exact[key] = exact_upper_limit(scores, self._ordered)
        if self.racing != "statistical" or not 0 < len(scores) < len(self.labels):
            return self._exact[key]
        # The certain limit is the lower one where few others are known or they differ widely.
        return min(self._exact[key], statistical_upper_limit(*self._estimate(name)))

    def _known(self, name: Genotype) -> int:
        return len(self._scores.get(name, ()))

    def _next_rung(self, names: Sequence[Genotype], keep: int) -> list[tuple[Genotype, int]]:
        """Return who is scored next, and up to how many architectures; empty when decided."""
        total = len(self.labels)
        open_ = [name for name in names if self._known(name) < total]
        if self.racing == "none":
            return [(name, total) for name in open_]
        fresh = [(name, min(FIRST_RUNG, total)) for name in open_ if self._known(name) == 0]
        if fresh:
            return fresh
        # The worst of those that would be kept now. Who can at best equal it goes on, too: of
        # equals the first named counts, which only their final fitness can tell.
        done = [_last(self.fitness(name)) for name in names if self._known(name) == total]
        bar = sorted(done)[-keep] if len(done) >= keep else -math.inf
        contenders = [name for name in open_ if self.upper(name) >= bar]
        # Only the most promising go on: one that is complete raises the bar, and the others may
        # then be left behind unscored.
        ranked = sorted(contenders, key=lambda name: -self._estimate(name)[0])
        return [(name, min(self._known(name) + self.rung, total)) for name in ranked[:keep]]

    def _estimate(self, name: Genotype) -> tuple[float, float]:
        """Return the expected final fitness of a proxy with scores, and its standard deviation."""
        known = self._known(name)
        if known not in self._expected:
            self._expected[known] = expected_gain(self._gains, known)
        mean, deviation = self._expected[known]
        return _defined(self._correlations[name][-1]) + mean, deviation

    def _advance(self, rung: Sequence[tuple[Genotype, int]]) -> None:
        """Score, in one batch, every architecture up to the rung of each."""
        requests = [
            ScoreRequest(name, int(position))
            for name, goal in rung
            for position in self.order[self._known(name) : goal]
        ]
        for request, score in zip(requests, self._evaluate(requests), strict=True):
            self._know(request.genotype, float(score))

    def _know(self, name: Genotype, score: float) -> None:
        """Remember the next score of a proxy, and what it has gained once it is complete."""
        scores = self._scores.setdefault(name, [])
        scores.append(score)
        correlations = self._correlations.setdefault(name, [])
        correlations.append(spearman(scores, self._ordered[: len(scores)]))
        if len(scores) == len(self.labels):
            self._gains.append(gains(correlations))
            self._expected.clear()


def _last(fitness: float) -> float:
    """Return the fitness with nan below every number."""
    return -math.inf if math.isnan(fitness) else fitness


def spread_order(labels: Floats) -> NDArray[np.int64]:
    """Return positions (m,) such that every first few of them are spread over the labels' ranks.

    The ranks are visited in the bit-reversed order of van der Corput, so that few architectures
    tell more of the correlation on all than few random ones.
    """
    count = len(labels)
    bits = max(1, math.ceil(math.log2(max(2, count))))
    reversed_ = (int(f"{place:0{bits}b}"[::-1], 2) for place in range(2**bits))
    ranks = [rank for rank in reversed_ if rank < count]
    return np.argsort(labels, kind="stable")[ranks]


def gains(correlations: Sequence[float]) -> Floats:
    """Return by how much the last correlation, on all m, exceeds that on the first k, shape (m,).

    A correlation that is not defined, as with equal or failed scores, counts as 0.
    """
    defined = np.array([_defined(correlation) for correlation in correlations])
    gained: Floats = defined[-1] - defined
    return gained


def _defined(correlation: float) -> float:
    return 0.0 if math.isnan(correlation) else correlation


def expected_gain(gains: Sequence[Floats], known: int) -> tuple[float, float]:
    """Return what a proxy will gain until all are scored, and the standard deviation of that.

    It is estimated by what others have gained: they judged the same architectures in the same
    order, and what misled one at the beginning has mostly misled the others too.

    Args:
        gains: Of the complete proxies, each of shape (m,).
        known: How many scores the proxy has.

    Returns:
        Mean and standard deviation; 0 and infinite while fewer than three are complete.
    """
    if len(gains) < FEWEST_COMPLETE:
        return 0.0, math.inf
    remaining = np.array([gained[known - 1] for gained in gains])
    return float(remaining.mean()), float(remaining.std(ddof=1))


def statistical_upper_limit(mean: float, deviation: float) -> float:
    """Return mean + deviation, which about five of six proxies stay below, less 0.01."""
    return mean + deviation - INDIFFERENT


def exact_upper_limit(scores: Sequence[float], labels: Floats) -> float:
    """Return the highest Spearman correlation on all labels that the first scores allow.

    Scores that are still unknown may fall anywhere between the known ones (apart from ties with
    them). Among themselves they are best ordered as their labels are, so a merge of two sorted
    lists is looked for that maximises sum_i rank(score_i) rank(label_i): a dynamic programme
    over how many of each are placed.
    """
    from scipy import stats

    known, total = len(scores), len(labels)
    targets = stats.rankdata(labels)
    codes = order_codes(scores)
    groups = [
        [targets[index] for index in members]
        for _, members in groupby(np.argsort(codes, kind="stable"), key=lambda index: codes[index])
    ]
    unknown = np.sort(targets[known:])
    best = np.full((len(groups) + 1, len(unknown) + 1), -np.inf)
    best[0, 0] = 0.0
    placed = np.cumsum([0, *map(len, groups)])
    for done in range(len(groups) + 1):
        for filled in range(len(unknown) + 1):
            position = placed[done] + filled
            if filled < len(unknown):
                gain = best[done, filled] + (position + 1) * unknown[filled]
                best[done, filled + 1] = max(best[done, filled + 1], gain)
            if done < len(groups):
                middle = position + (len(groups[done]) + 1) / 2
                gain = best[done, filled] + middle * sum(groups[done])
                best[done + 1, filled] = max(best[done + 1, filled], gain)
    ties = sum(len(group) ** 3 - len(group) for group in groups)
    spread = math.sqrt(
        max(0.0, (total**3 - total - ties) / 12) * ((targets - targets.mean()) ** 2).sum()
    )
    if spread == 0:
        return -1.0
    centred = best[-1, -1] - total * ((total + 1) / 2) ** 2
    return float(min(1.0, centred / spread + 1e-12))  # never below by rounding alone
