"""Measured values of many architectures, smoothed over those of similar structure.

A value of a benchmark is one training or few: what similar architectures have is worth as much
as what the architecture itself has, and is all there is where it was not trained.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROWS = 1000
"""Architectures that are learnt from, at most: the time grows with the third power."""
NOISE = 0.1
"""Variance of the values' noise, as a multiple of the signal's."""


def smoother(features: Floats, values: Floats) -> Callable[[Floats], Floats]:
    """Return the posterior mean of a Gaussian process at features, by column of the values.

    k(x, x_m) (K + noise I)^-1 y with k the squared exponential (Rasmussen and Williams, "Gaussian
    Processes for Machine Learning", equation 2.23), x in units of the features' root mean squared
    norm, on at most :data:`ROWS` rows evenly spread over those that have a value.

    Args:
        features: Shape (n, d), mean 0.
        values: Shape (n, p), of mean 0 and variance 1, nan where there is none.

    Returns:
        From features (m, d) to values (m, p); a column without any value is 0.
    """
    norm = float(np.sqrt((features**2).sum(axis=1).mean())) or 1.0
    known = np.isfinite(values)
    patterns, pattern_of = np.unique(known.T, axis=0, return_inverse=True)
    parts: list[tuple[Floats, Floats, NDArray[np.intp]]] = []
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(pattern_of.ravel() == number)
        rows = np.flatnonzero(pattern)
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), ROWS)).astype(int)]
        inputs = features[rows] / norm
        covariance = squared_exponential(inputs, inputs) + NOISE * np.eye(len(rows))
        solution = np.linalg.solve(covariance, values[np.ix_(rows, columns)])
        parts.append((inputs, solution, columns))

    def smooth(at: Floats) -> Floats:
        found = np.zeros((len(at), values.shape[1]))
        for inputs, solution, columns in parts:
            found[:, columns] = squared_exponential(at / norm, inputs) @ solution
        return found

    return smooth


def squared_exponential(left: Floats, right: Floats) -> Floats:
    """Return exp(-|x - x'|^2 / 2) of rows (n, d) and (m, d), shape (n, m)."""
    from scipy.spatial.distance import cdist

    return np.asarray(np.exp(-cdist(left, right, "sqeuclidean") / 2), dtype=np.float64)
