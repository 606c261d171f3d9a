"""How sure a prediction from a few labels is: the spread of the averaged Gaussian processes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from naslib_proxydata.predictors.base import Distribution
from naslib_proxydata.predictors.few_label.models import (
    NOISES,
    Features,
    Floats,
    signal_variance,
    smooth_covariances,
    weighed_processes,
)

LEAST_WEIGHT = 1e-3
"""Processes that weigh less are left out; there are hundreds."""
JITTER = 1e-8
"""Added to a variance, so that rounding leaves no covariance without its square root."""


def gaussian_process_posterior(
    known: Features, targets: Floats
) -> Callable[[Features], Distribution]:
    """Return the distribution of a target under the average of :func:`gaussian_process`.

    One process predicts mu = c C^-1 y with variance s (k(x, x) + noise - c C^-1 c') (Rasmussen
    and Williams, "Gaussian Processes for Machine Learning", equations 2.25 and 2.26), s the
    signal's variance of :func:`signal_variance`; noise is counted, since what is measured of an
    architecture has some. Of the average, the mean is sum w mu and the variance
    sum w (variance + mu^2) - mean^2.
    """
    trends, inverses, weights = weighed_processes(known, targets)
    signals = signal_variance(inverses, targets)
    places = [place for place in np.ndindex(weights.shape) if weights[place] >= LEAST_WEIGHT]
    total = sum(weights[place] for place in places)

    def predict(features: Features) -> Distribution:
        mean, square = np.zeros(len(features.structure)), np.zeros(len(features.structure))
        line = features.aggregate @ known.aggregate.T
        steepness = (features.aggregate**2).sum(axis=1)
        for kernel, smooth in enumerate(smooth_covariances(features, known)):
            for trend, noise in product(range(len(trends)), range(len(NOISES))):
                place = (kernel, trend, noise)
                if weights[place] < LEAST_WEIGHT:
                    continue
                covariance = smooth + trends[trend] * line
                explained = ((covariance @ inverses[place]) * covariance).sum(axis=1)
                own = 1 + trends[trend] * steepness + NOISES[noise]
                predicted = covariance @ (inverses[place] @ targets)
                share = weights[place] / total
                mean += share * predicted
                square += share * (signals[place] * (own - explained) + predicted**2)
        return Distribution(mean, np.sqrt(np.maximum(square - mean**2, 1e-12)))

    return predict


def gaussian_process_draws(
    known: Features, targets: Floats, features: Features, count: int, generator: np.random.Generator
) -> Floats:
    """Draw values of n architectures jointly from the average of :func:`gaussian_process`.

    A draw takes one process, by its weight, and from it mu + sqrt(s) L z with
    L L' = k(x, x') - c C^-1 c' (Rasmussen and Williams, equation 2.24): without the noise of a
    measurement, since what is the best does not depend on it.

    Args:
        known: Of the m architectures that were learnt from.
        targets: Theirs, shape (m,).
        features: Of the n architectures.
        count: How many draws.
        generator: Chooses the processes and draws from them.

    Returns:
        Shape (count, n).
    """
    trends, inverses, weights = weighed_processes(known, targets)
    signals = signal_variance(inverses, targets)
    shares = np.where(weights >= LEAST_WEIGHT, weights, 0.0)
    counts = generator.multinomial(count, (shares / shares.sum()).ravel()).reshape(weights.shape)
    line = features.aggregate @ known.aggregate.T
    lines = features.aggregate @ features.aggregate.T
    covariances = zip(
        smooth_covariances(features, known),
        smooth_covariances(features, known, features),
        strict=True,
    )
    drawn: list[Floats] = []
    for kernel, (smooth, between) in enumerate(covariances):
        for trend, noise in zip(*np.nonzero(counts[kernel]), strict=True):
            place = (kernel, trend, noise)
            covariance = smooth + trends[trend] * line
            explained = covariance @ inverses[place]
            left = between + trends[trend] * lines - explained @ covariance.T
            root = np.linalg.cholesky(left + JITTER * np.eye(len(left)))
            normal = generator.standard_normal((counts[place], len(left)))
            drawn.append(explained @ targets + np.sqrt(signals[place]) * normal @ root.T)
    return generator.permutation(np.vstack(drawn))


def rank_interval(expected: Distribution, confidence: float) -> tuple[Floats, Floats]:
    """Return between which shares of all architectures each one ranks, 0 the worst, 1 the best.

    Phi(mean -+ z deviation), z the quantile of (1 + confidence) / 2: a normal score is what share
    of the labelled lies below, and they are drawn from all.

    Args:
        expected: Of n architectures.
        confidence: Share of the architectures whose rank is to lie within.

    Returns:
        Lower and upper ends, shape (n,) each, nan where nothing is expected.
    """
    from scipy import special

    reach = special.ndtri((1 + confidence) / 2) * expected.deviation
    ends = (special.ndtr(expected.mean - reach), special.ndtr(expected.mean + reach))
    return np.asarray(ends[0], dtype=np.float64), np.asarray(ends[1], dtype=np.float64)
