"""What is worth a query, by what a predictor expects of it and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.predictors.base import Distribution

Acquisition = Callable[[Distribution, float], NDArray[np.float64]]
"""From a distribution (n,) and the best known value in its unit to what queries are worth (n,)."""

OPTIMISM: Final = 0.5
"""Standard deviations that the upper confidence bound adds, chosen on NAS-Bench-201 CIFAR-10."""


def expected_value(expected: Distribution, best: float) -> NDArray[np.float64]:
    """Return the mean: nothing is queried to learn from it."""
    return expected.mean


def upper_confidence_bound(expected: Distribution, best: float) -> NDArray[np.float64]:
    """Return mean + beta deviation (arXiv 0912.3995), beta being :data:`OPTIMISM`."""
    return expected.mean + OPTIMISM * expected.deviation


def expected_improvement(expected: Distribution, best: float) -> NDArray[np.float64]:
    """Return E max(0, y - best) = deviation (z Phi(z) + phi(z)), z = (mean - best) / deviation.

    Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions",
    1998, equation 15.
    """
    from scipy import stats

    z = (expected.mean - best) / expected.deviation
    improvement = expected.deviation * (z * stats.norm.cdf(z) + stats.norm.pdf(z))
    return np.asarray(improvement, dtype=np.float64)


ACQUISITIONS: Final[dict[str, Acquisition]] = {
    "mean": expected_value,
    "upper_confidence_bound": upper_confidence_bound,
    "expected_improvement": expected_improvement,
}
