"""Regression from a handful of labels: Gaussian process, ridge and random forest, and their ranks.

Each model is a function of known features and targets (m,) that returns a function of the
features of what is to be predicted. What a model leaves open it chooses, or weighs, by
leave-one-out on the known targets alone, among values that suit features whose blocks have rows
of a mean squared norm of about 1, as :func:`standardiser` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scaling = Callable[[Floats], Floats]
"""From features (n, d) to scaled ones (n, d')."""


class Features(NamedTuple):
    """Scaled features of n architectures, by what they come from.

    Attributes:
        structure: Shape (n, d).
        proxies: Shape (n, p), with p = 0 where there are none.
        aggregate: What ranks by all proxies without labels, shape (n, 1), or (n, 0) likewise.
    """

    structure: Floats
    proxies: Floats
    aggregate: Floats

    def together(self) -> Floats:
        """Return all of them side by side."""
        return np.hstack(self)


Fitted = Callable[[Features], Floats]
"""From the features of n architectures to predictions (n,)."""
Model = Callable[[Features, Floats], Fitted]

RIDGE_PENALTIES = np.logspace(-3, 2, 21)
"""Tried by ridge; the mean squared norm of a row of features is a small number."""
LENGTH_SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the Gaussian process, in units of the features' root mean squared norm."""
KERNELS: dict[str, Callable[[Floats], Floats]] = {
    "Matern 1/2": lambda distance: np.exp(-distance),
    "Matern 3/2": lambda distance: (1 + 3**0.5 * distance) * np.exp(-(3**0.5) * distance),
    "squared exponential": lambda distance: np.exp(-(distance**2) / 2),
}
"""Of the Gaussian process: covariance at a distance in length scales (Rasmussen and Williams,
"Gaussian Processes for Machine Learning", equations 4.17 and 4.9)."""
NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Of the Gaussian process: variance of the noise as a multiple of the signal's."""
TREND = 3.0
"""Of the Gaussian process: variance of the slope of a straight line, as such a multiple."""
SHARES_OF_FEATURES = (0.1, 0.3, 1.0)
"""Tried by the forest: which share of the features each split looks at."""
TREES = 100


def normal_scores(values: Floats) -> Floats:
    """Return Phi^-1((rank - 1/2) / m): what is left of values when only their order counts.

    Ties share their mean rank. Shape (m,), mean 0.
    """
    from scipy import special, stats

    ranks = stats.rankdata(values)
    return np.asarray(special.ndtri((ranks - 0.5) / len(values)), dtype=np.float64)


def standardiser(reference: Floats) -> Scaling:
    """Return the map to mean 0 over a reference (r, d), and there to mean squared norm 1.

    All features count the same. Those that do not vary over the reference are left out; where
    none varies, a single zero is left.
    """
    mean, spread = reference.mean(axis=0), reference.std(axis=0)
    kept = varying(reference)
    if not kept.any():
        return lambda features: np.zeros((len(features), 1))
    scale = spread[kept] * np.sqrt(kept.sum())
    return lambda features: (features[:, kept] - mean[kept]) / scale


def varying(reference: Floats) -> NDArray[np.bool_]:
    """Return which features vary over a reference (r, d), beyond rounding; shape (d,)."""
    largest = np.abs(reference).max(axis=0, initial=0.0)
    return np.asarray(reference.std(axis=0) > 1e-9 * np.maximum(1.0, largest))


def ranker(reference: Floats) -> Scaling:
    """Return the map from features to the normal scores of their ranks in a reference (r, d)."""
    from scipy import special

    inside = len(reference) / (len(reference) + 1)  # so that the best one is not at infinity
    return lambda features: np.asarray(
        special.ndtri(inside * shares_below(features, reference)), dtype=np.float64
    )


def shares_below(features: Floats, reference: Floats) -> Floats:
    """Return rank / r of features (n, d) among a reference (r, d), by feature.

    The rank is that of ``rankdata``: number below + half the number of equals + 1/2, which for a
    value of the reference lies between 1 and r; for others it may be half a rank beyond. A
    feature that is nan is a failed score, and ranks last.
    """
    ordered = np.sort(_failed_last(reference), axis=0)
    places = [
        np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")
        for known, column in zip(ordered.T, _failed_last(features).T, strict=True)
    ]
    return (np.array(places, dtype=np.float64).T / 2 + 0.5) / len(ordered)


def _failed_last(features: Floats) -> Floats:
    return np.nan_to_num(features, nan=-np.inf, neginf=-np.inf, posinf=np.inf)


def gaussian_process(known: Features, targets: Floats) -> Fitted:
    """Average Gaussian processes over their kernels and noises.

    A process weighs exp(its leave-one-out predictive density), the pseudo-BMA of arXiv
    1704.02030: with twenty targets the best of many is best by chance, and an average of all
    that are good is better. With proxies each smooth kernel comes also with a straight line in
    their aggregate.
    """
    trends, inverses, weights = weighed_processes(known, targets)
    solutions = weights[..., None] * (inverses @ targets)
    by_kernel = solutions.sum(axis=(1, 2))
    slope = known.aggregate.T @ (trends @ solutions.sum(axis=(0, 2)))

    def predict(features: Features) -> Floats:
        total = features.aggregate @ slope
        for covariance, coefficients in zip(
            smooth_covariances(features, known), by_kernel, strict=True
        ):
            total += covariance @ coefficients
        return np.asarray(total, dtype=np.float64)

    return predict


def weighed_processes(known: Features, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the slopes' variances, C^-1 of every process, and the weight of each.

    Returns:
        Shapes (trends,), (kernels, trends, noises, m, m) and (kernels, trends, noises); the
        weights add up to 1.
    """
    from scipy import special

    trends = np.array([0.0, TREND] if known.proxies.shape[1] else [0.0])
    line = np.multiply.outer(trends, known.aggregate @ known.aggregate.T)[:, None]
    noise = np.multiply.outer(NOISES, np.eye(len(targets)))
    smooth = np.array(list(smooth_covariances(known, known)))[:, None, None]
    inverses = np.linalg.inv(smooth + line + noise)
    weights = special.softmax(leave_one_out_density(inverses, targets))
    return trends, inverses, np.asarray(weights, dtype=np.float64)


def smooth_covariances(
    features: Features, known: Features, others: Features | None = None
) -> Iterator[Floats]:
    """Yield covariances (n, m) by every kernel and length scale.

    They are of the structure alone and, where there are proxies, of all features. Length scales
    are in units of the root mean squared norm of the known features.

    Args:
        features: Of n architectures.
        known: Of those that were learnt from.
        others: Of the m architectures; the known ones where None.
    """
    from scipy.spatial.distance import cdist

    has_proxies = known.proxies.shape[1] > 0
    for columns in (_structure, Features.together) if has_proxies else (_structure,):
        reference = columns(known)
        norm = float(np.sqrt((reference**2).sum(axis=1).mean())) or 1.0
        distances = cdist(columns(features), columns(known if others is None else others)) / norm
        for kernel, scale in product(KERNELS.values(), LENGTH_SCALES):
            yield kernel(distances / scale)


def _structure(features: Features) -> Floats:
    return features.structure


def leave_one_out_density(inverse: Floats, targets: Floats) -> Floats:
    """Return the log predictive density of each target given the others, summed.

    With C = K + noise I: mu_i = y_i - [C^-1 y]_i / [C^-1]_ii, sigma_i^2 = s / [C^-1]_ii
    (Rasmussen and Williams, equation 5.12), where the signal's variance s is the one of the
    highest density, the mean of (y_i - mu_i)^2 [C^-1]_ii.

    Args:
        inverse: C^-1, shape (..., m, m).
        targets: Shape (m,).

    Returns:
        Shape (...).
    """
    precision = np.diagonal(inverse, axis1=-2, axis2=-1)
    signal = signal_variance(inverse, targets)[..., None]
    density = np.sum(np.log(precision / (2 * np.pi * signal)), axis=-1)
    return np.asarray(0.5 * density - 0.5 * len(targets), dtype=np.float64)


def signal_variance(inverse: Floats, targets: Floats) -> Floats:
    """Return the signal's variance under which targets are the most likely, each by the others.

    It is the mean of (y_i - mu_i)^2 [C^-1]_ii; the arguments are those of
    :func:`leave_one_out_density`, the shape is (...).
    """
    precision = np.diagonal(inverse, axis1=-2, axis2=-1)
    errors = inverse @ targets / precision
    return np.asarray(np.maximum(np.mean(errors**2 * precision, axis=-1), 1e-12), dtype=np.float64)


def ridge(known: Features, targets: Floats) -> Fitted:
    """Fit ridge regression, its penalty chosen by exact leave-one-out."""
    from sklearn.linear_model import RidgeCV

    return _predict_of(RidgeCV(alphas=RIDGE_PENALTIES).fit(known.together(), targets))


def forest(known: Features, targets: Floats) -> Fitted:
    """Fit a random forest, its share of features chosen by the out-of-bag error.

    Each tree predicts the targets that it was not grown on: leave-one-out at the price of one
    forest.
    """
    from sklearn.ensemble import RandomForestRegressor

    def grown(share: float) -> tuple[float, Any]:
        # The generator is the model's own and always the same: equal labels, equal predictions.
        model = RandomForestRegressor(TREES, max_features=share, oob_score=True, random_state=0)
        model.fit(known.together(), targets)
        return float(np.mean((model.oob_prediction_ - targets) ** 2)), model

    return _predict_of(min(map(grown, SHARES_OF_FEATURES), key=lambda one: one[0])[1])


def _predict_of(model: Any) -> Fitted:
    """Return the predictions of one of scikit-learn's models as a typed function."""
    return lambda features: np.asarray(model.predict(features.together()), dtype=np.float64)


MODELS: dict[str, Model] = {
    "gaussian_process": gaussian_process,
    "ridge": ridge,
    "forest": forest,
}


def rank_average(predictions: Sequence[Floats]) -> Floats:
    """Return the mean rank of each item over the predictions (n,), higher is better."""
    from scipy import stats

    ranks = [stats.rankdata(values) for values in predictions]
    return np.asarray(np.mean(ranks, axis=0), dtype=np.float64)
