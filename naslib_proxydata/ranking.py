"""How well scores order architectures: pure functions on arrays.

Every function takes scores (higher is better) and measured values (finite), both of shape (n,).
The order of scores is that of the numbers, with ``-inf`` (no signal) below every finite score
and ``nan`` (failed) below ``-inf``; equal scores are ties, and so are all ``nan``. Nothing else of
a score but its place in that order is used, so every measure is invariant under strictly
increasing maps of the scores; :func:`ndcg` alone looks at how far values are apart, and is
invariant under changes of their unit only. Where the scores, or the values, are all equal, a
correlation is not defined and is ``nan``, as in scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

HIGHEST_RELEVANCE = 20.0
"""Relevance of the best architecture in :func:`ndcg`, which so gains 2**20 - 1."""

IRRELEVANT_SHARE = 0.2
"""Share of the architectures, the worst ones, that have no relevance in :func:`ndcg`."""


class Interval(NamedTuple):
    """The two ends of an interval; both ``nan`` where it is not defined."""

    low: float
    high: float


def order_codes(scores: ArrayLike) -> Codes:
    """Return the place of each score among the distinct ones, shape (n,).

    0 is failed (``nan``), 1 the lowest score; equal codes are ties.
    """
    array = np.asarray(scores, dtype=np.float64)
    codes = np.zeros(array.shape, dtype=np.int64)
    present = ~np.isnan(array)
    codes[present] = np.unique(array[present], return_inverse=True)[1].ravel() + 1
    return codes


def spearman(scores: ArrayLike, values: ArrayLike) -> float:
    """Return Spearman's rho: Pearson's correlation of the average ranks."""
    score_codes, value_codes = _checked(scores, values)
    once = np.ones((1, len(score_codes)), dtype=np.int64)
    return float(_spearman_of_resamples(score_codes, value_codes, once)[0])


def kendall(scores: ArrayLike, values: ArrayLike) -> float:
    """Return Kendall's tau-b, which corrects for ties."""
    from scipy import stats

    score_codes, value_codes = _checked(scores, values)
    if len(score_codes) < 2:
        return math.nan
    return float(stats.kendalltau(score_codes, value_codes).statistic)


def top_count(n: int, fraction: float = 0.1) -> int:
    """Return k = ceil(fraction n), guarded against 0.1 * 30 = 3.0000000000000004."""
    return math.ceil(round(fraction * n, 9))


def top_retrieval(scores: ArrayLike, values: ArrayLike, fraction: float = 0.1) -> float:
    """Return the share of the true top k found in the predicted top k, k = ceil(fraction n).

    Ties are broken at random, independently in scores and values, and the expected share over
    all ways of breaking them is returned: ``sum_i p_i q_i / k`` with ``p_i``, ``q_i`` the
    probabilities that architecture i is in the predicted and in the true top k. Constant scores
    therefore retrieve k / n, as a random choice does. ``nan`` for n = 0.

    Raises:
        ValueError: The fraction is not in (0, 1], or scores and values do not fit together.
    """
    score_codes, value_codes = _checked(scores, values)
    if not 0 < fraction <= 1:
        raise ValueError(f"a share of the architectures is 0 < fraction <= 1, got {fraction}")
    n = len(score_codes)
    if n == 0:
        return math.nan
    k = top_count(n, fraction)
    together = _top_probability(score_codes, k) @ _top_probability(value_codes, k)
    return float(together / k)


def relevance(values: ArrayLike) -> Floats:
    """Return how much each architecture is worth finding, from 0 to 20, shape (n,).

    ``20 clip((y - q) / (max y - q), 0, 1)`` with q the 20 % quantile of the values y, so that
    neither unit nor zero of the values matters. Where so many share the best value that q is the
    maximum, these have 20 and all others 0.

    Source: arXiv 2108.03001 (AceNAS), in the form of the authors' code, ``RelevanceCalculator``.
    """
    array = np.asarray(values, dtype=np.float64)
    best, lowest = array.max(), np.quantile(array, IRRELEVANT_SHARE)
    if best == lowest:
        return np.where(array == best, HIGHEST_RELEVANCE, 0.0)
    return np.asarray(
        HIGHEST_RELEVANCE * np.clip((array - lowest) / (best - lowest), 0, 1), dtype=np.float64
    )


def ndcg(
    scores: ArrayLike, values: ArrayLike, k: int | None = None, *, linear: bool = False
) -> float:
    """Return the normalised discounted cumulative gain of the predicted order.

    ``DCG / IDCG`` with ``DCG = sum_i (2**r_i - 1) / log2(i + 1)`` over the places i = 1, ..., k,
    ``r_i`` the :func:`relevance` of the architecture that the scores put there, and ``IDCG`` the
    DCG of the order of the values themselves. It is 1 for that order, and says most of the top:
    gains grow exponentially. Ties of scores are broken at random and the expectation is returned.
    ``nan`` where the values are all equal.

    Source: arXiv 2108.03001 (AceNAS), whose code takes all places and breaks ties by position. With
    ``linear`` the gain is the value itself, as in ``ndcg_score`` of scikit-learn, which the code of
    VKDNW (arXiv 2502.04975) takes with k = 5,000.

    Args:
        scores: Shape (n,).
        values: Shape (n,).
        k: Places that count, at least 1; all by default.
        linear: Gain by the value itself.

    Raises:
        ValueError: k is smaller than 1, a value that is a gain is negative, or scores and values do
            not fit together.
    """
    score_codes, value_codes = _checked(scores, values)
    if k is not None and k < 1:
        raise ValueError(f"k is the number of places that count, at least 1; got {k}")
    if len(value_codes) == 0 or np.ptp(value_codes) == 0:
        return math.nan
    gains = _plain_gains(values) if linear else np.exp2(relevance(values)) - 1
    ideal = discounted_gain(value_codes, gains, k)
    return min(1.0, discounted_gain(score_codes, gains, k) / ideal)  # 1, not 1.0000000000000002


def best_rank(scores: ArrayLike, values: ArrayLike, k: int = 10) -> float:
    """Return the best true rank among the k architectures with the highest scores.

    The rank of an architecture is 1 and the number of those with a higher value, so that 1 means
    that the best one was found. Ties of scores are broken at random and the expectation is
    returned. ``nan`` where there is none.

    Source: BR@K of arXiv 2008.03064, in the form of the authors' code (aw_nas, ``minn_at_k``),
    which takes k as a share of the architectures and breaks ties by position.

    Args:
        scores: Shape (n,).
        values: Shape (n,).
        k: How many are looked at, at least 1; all where there are fewer.

    Raises:
        ValueError: k is smaller than 1, or scores and values do not fit together.
    """
    score_codes, value_codes = _checked(scores, values)
    if k < 1:
        raise ValueError(f"k is the number of architectures looked at, at least 1; got {k}")
    n = len(score_codes)
    if n == 0:
        return math.nan
    k = min(k, n)
    ranks = n + 1 - np.searchsorted(np.sort(value_codes), value_codes, side="right")
    threshold = np.sort(score_codes)[-k]
    above = ranks[score_codes > threshold]
    tied = np.sort(ranks[score_codes == threshold])
    # The best of the tied ones that are drawn is the i-th where i is and none before it is.
    probability, left = np.zeros(len(tied)), 1.0
    drawn = k - len(above)
    for place in range(len(tied)):
        chance = min(1.0, drawn / (len(tied) - place))
        probability[place] = left * chance
        left *= 1 - chance
    best_above = above.min(initial=n + 1)
    return float(np.minimum(tied, best_above) @ probability)


def discounted_gain(codes: Codes, gains: Floats, k: int | None = None) -> float:
    """Return ``sum_i gain_i / log2(i + 1)`` over the first k places, expected over ties.

    Those that share a code share their places, so each of them gains the mean of all of them.

    Args:
        codes: The order, highest first, shape (n,).
        gains: Of each architecture, shape (n,).
        k: Places that count; all by default.
    """
    discounts = 1 / np.log2(np.arange(2, len(codes) + 2))
    if k is not None:
        discounts[k:] = 0
    _, group, sizes = np.unique(-codes, return_inverse=True, return_counts=True)
    of_group = np.add.reduceat(discounts, np.cumsum(sizes) - sizes)
    means = np.bincount(group.ravel(), gains) / sizes
    return float(means @ of_group)


def bootstrap_spearman(
    scores: ArrayLike,
    values: ArrayLike,
    generator: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return the percentile bootstrap interval of Spearman's rho.

    Architectures are drawn with replacement, and each resample is ranked anew. Resamples in
    which rho is not defined are left out.

    Args:
        scores: Shape (n,).
        values: Shape (n,).
        generator: Draws the resamples.
        resamples: How many.
        confidence: Probability mass between the two ends.
    """
    score_codes, value_codes = _checked(scores, values)
    n = len(score_codes)
    if n < 2:
        return Interval(math.nan, math.nan)
    chunk = max(1, 1_000_000 // n)  # keeps the arrays of one pass at some 8 MB each
    parts = [
        _spearman_of_resamples(
            score_codes, value_codes, _resample_counts(n, min(chunk, resamples - start), generator)
        )
        for start in range(0, resamples, chunk)
    ]
    rhos = np.concatenate(parts)
    rhos = rhos[~np.isnan(rhos)]
    if len(rhos) == 0:
        return Interval(math.nan, math.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(rhos, [tail, 1 - tail])
    return Interval(float(low), float(high))


class Difference(NamedTuple):
    """How far the rank correlations of two methods are apart.

    Attributes:
        value: The first one's less the second one's.
        low: Lower end of the 95 % interval.
        high: Upper end.
        p_value: Two-sided, of the hypothesis that there is none.
    """

    value: float
    low: float
    high: float
    p_value: float


def mean_spearman(scores: ArrayLike, values: ArrayLike) -> float:
    """Return Spearman's rho of each seed, averaged; nan where one is not defined.

    Args:
        scores: Shape (seeds, n).
        values: Shape (seeds, n), nan for what was not drawn with that seed.
    """
    pairs = zip(np.asarray(scores, np.float64), np.asarray(values, np.float64), strict=True)
    rhos = [spearman(one[~np.isnan(of)], of[~np.isnan(of)]) for one, of in pairs]
    return float(np.mean(rhos)) if rhos else math.nan


def resampled_spearman(
    scores: ArrayLike,
    values: ArrayLike,
    generator: np.random.Generator,
    *,
    resamples: int = 1000,
) -> Floats:
    """Return :func:`mean_spearman` of several methods on the same bootstrap resamples.

    Architectures are drawn with replacement, for all methods and seeds at once, so that what two
    methods differ by on a resample is a pair's difference. What one draws with several seeds is
    drawn together, too.

    Args:
        scores: Shape (methods, seeds, n).
        values: Shape (seeds, n), nan for what was not drawn with that seed.
        generator: Draws the resamples.
        resamples: How many.

    Returns:
        Shape (resamples, methods); nan where a rho is not defined.
    """
    scores, values = np.asarray(scores, np.float64), np.asarray(values, np.float64)
    drawn = [np.flatnonzero(~np.isnan(of_seed)) for of_seed in values]
    codes = [order_codes(values[seed, places]) for seed, places in enumerate(drawn)]
    n = values.shape[1]
    chunk = max(1, 1_000_000 // max(n, 1))
    parts = []
    for start in range(0, resamples, chunk):
        counts = _resample_counts(n, min(chunk, resamples - start), generator)
        parts.append(
            np.stack([_mean_of_seeds(method, codes, drawn, counts) for method in scores], axis=1)
        )
    return np.concatenate(parts)


def paired_difference(
    value: float, first: ArrayLike, second: ArrayLike, confidence: float = 0.95
) -> Difference:
    """Return a difference with its percentile interval and p-value from a paired bootstrap.

    ``p = min(1, 2 min(#(d* <= 0) + 1, #(d* >= 0) + 1) / (B + 1))`` over the differences d* of B
    resamples: about the smallest error rate whose percentile interval leaves 0 out. It is never
    smaller than 2 / (B + 1). Resamples in which one of the two is not defined are left out.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), sections 13.3 and 15.4;
    the ones are Davison and Hinkley's, Bootstrap Methods and their Application (1997), section 4.2.

    Args:
        value: The difference on the architectures themselves.
        first: A column of :func:`resampled_spearman`, shape (resamples,).
        second: Another one, of the same call.
        confidence: Probability mass between the two ends.
    """
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    differences = differences[~np.isnan(differences)]
    if math.isnan(value) or len(differences) == 0:
        return Difference(value, math.nan, math.nan, math.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    fewer = min((differences <= 0).sum(), (differences >= 0).sum())
    p_value = min(1.0, 2 * float(fewer + 1) / (len(differences) + 1))
    return Difference(value, float(low), float(high), p_value)


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for their number by Holm's method, shape (n,).

    The i-th smallest of m is ``max_(j <= i) min(1, (m - j + 1) p_(j))``. Whatever hypotheses are
    true and however they hang together, one of them is rejected at level a with a probability of
    at most a. ``nan`` is no hypothesis and stays.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    array = np.array(p_values, dtype=np.float64)
    there = np.flatnonzero(~np.isnan(array))
    order = there[np.argsort(array[there], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    array[order] = np.maximum.accumulate(np.minimum(1.0, factors * array[order]))
    return array


def noise_ceiling(trainings: ArrayLike) -> float:
    """Return how well one training of the architectures orders them as their others do.

    Spearman's rho between the values of one training and the means of the others, averaged over
    which one is held out, on the architectures that have all t trainings. A predictor of means
    over t trainings can do a little better, since these carry less noise than a single one.

    Args:
        trainings: Shape (n, t), nan where an architecture was trained less often.

    Returns:
        ``nan`` for fewer than two trainings, or fewer than two architectures that have all.

    Raises:
        ValueError: The array is not of shape (n, t).
    """
    array = np.asarray(trainings, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"expected the trainings in shape (n, t), got {array.shape}")
    array = array[np.isfinite(array).all(axis=1)]
    if array.shape[1] < 2:
        return math.nan
    held_out = range(array.shape[1])
    rhos = [spearman(array[:, one], np.delete(array, one, axis=1).mean(axis=1)) for one in held_out]
    return float(np.mean(rhos))


def relative_improvement(accuracy: float, random_accuracy: float) -> float:
    """Return RI = 100 (Acc_method - Acc_random) / Acc_random, in percent.

    Source: Yang et al., ICLR 2020 (arXiv 1912.12522), as used in arXiv 2006.13314.

    Raises:
        ValueError: The accuracy of random architectures is not positive.
    """
    if not random_accuracy > 0:
        raise ValueError(f"the accuracy of random architectures must be > 0, got {random_accuracy}")
    return 100 * (accuracy - random_accuracy) / random_accuracy


def _checked(scores: ArrayLike, values: ArrayLike) -> tuple[Codes, Codes]:
    """Return the order codes of both arrays.

    Raises:
        ValueError: The shapes differ, or a measured value is not finite.
    """
    score_array = np.asarray(scores, dtype=np.float64)
    value_array = np.asarray(values, dtype=np.float64)
    if score_array.ndim != 1 or score_array.shape != value_array.shape:
        raise ValueError(
            "scores and values must be two arrays of one shape (n,), "
            f"got {score_array.shape} and {value_array.shape}"
        )
    if not np.isfinite(value_array).all():
        raise ValueError("measured values must be finite; leave out architectures without one")
    return order_codes(score_array), order_codes(value_array)


def _plain_gains(values: ArrayLike) -> Floats:
    """Return values as gains, which are never negative."""
    gains = np.asarray(values, dtype=np.float64)
    if gains.min() < 0:
        raise ValueError(
            f"values are gains, which cannot be negative, got {gains.min():g}; take the gain by "
            "relevance, which is the default"
        )
    return gains


def _top_probability(codes: Codes, k: int) -> Floats:
    """Return each one's probability of being in the top k when ties are broken at random."""
    threshold = np.sort(codes)[-k]
    above = codes > threshold
    tied = codes == threshold
    return np.where(above, 1.0, np.where(tied, (k - above.sum()) / tied.sum(), 0.0))


def _resample_counts(n: int, resamples: int, generator: np.random.Generator) -> Codes:
    """Return how often each of n is drawn in n draws with replacement, (resamples, n)."""
    drawn = generator.integers(n, size=(resamples, n))
    drawn += n * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n)


def _ranks_in_resamples(codes: Codes, counts: Codes) -> Floats:
    """Return the average rank of every item in every resample, shape (resamples, n).

    Items are grouped by code once; the rank of a group is the number of draws below it plus
    the middle of its own draws, so that no resample has to be sorted.
    """
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    drawn = np.add.reduceat(counts[:, order], starts, axis=1)  # resamples x groups
    ranks = np.cumsum(drawn, axis=1) - (drawn - 1) / 2
    group = np.searchsorted(codes[order][starts], codes)
    return np.asarray(ranks[:, group], dtype=np.float64)


def _mean_of_seeds(
    scores: Floats, codes: Sequence[Codes], drawn: Sequence[Codes], counts: Codes
) -> Floats:
    """Return a method's mean rho over seeds on every resample, shape (resamples,)."""
    rhos = [
        _spearman_of_resamples(order_codes(of_seed[places]), known, counts[:, places])
        for of_seed, known, places in zip(scores, codes, drawn, strict=True)
    ]
    return np.asarray(np.mean(rhos, axis=0), dtype=np.float64)


def _spearman_of_resamples(score_codes: Codes, value_codes: Codes, counts: Codes) -> Floats:
    """Return rho of every resample, shape (resamples,): Pearson's of ranks, weighted by counts."""
    mean = (counts.sum(axis=1, keepdims=True) + 1) / 2
    left = _ranks_in_resamples(score_codes, counts) - mean
    right = _ranks_in_resamples(value_codes, counts) - mean
    covariance = (counts * left * right).sum(axis=1)
    # One root of each, never of the product, which would overflow 2**53 and lose digits.
    scale = np.sqrt((counts * left**2).sum(axis=1)) * np.sqrt((counts * right**2).sum(axis=1))
    undefined = scale == 0
    rho = covariance / np.where(undefined, 1.0, scale)
    return np.where(undefined, np.nan, np.clip(rho, -1.0, 1.0))
