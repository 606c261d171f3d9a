"""What is worth a query, by what a predictor expects of it and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class TopTwoThompson:
    """Top-two Thompson sampling (Russo, arXiv 1602.08448) of a batch, by a joint posterior.

    What is queried is drawn, in turn and each once, in proportion to :func:`top_two_shares`:
    the highest of log psi + Gumbel noise are such a batch (arXiv 1903.06059). What is
    the best in no joint draw comes after all others, by its mean.

    Attributes:
        generator: Of the joint draws and the noise.
        draws: How many joint draws the probabilities of being the best are counted in.
    """

    generator: np.random.Generator
    draws: int = 128

    def __call__(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what queries are worth.

        Args:
            drawn: Values drawn jointly, shape (draws, n); columns of nan are worth nan.
        """
        shares = top_two_shares(drawn)
        noise = self.generator.gumbel(size=len(shares))
        chosen = np.log(np.maximum(shares, np.finfo(np.float64).tiny)) + noise
        return np.where(shares > 0, chosen, drawn.mean(axis=0) - _BELOW_ALL)


_BELOW_ALL: Final = 1e4
"""More than the noise and the logarithm of a share can be apart."""


def top_two_shares(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how often top-two Thompson sampling chooses each of n.

    psi_i = alpha_i (beta + (1 - beta) sum_{j != i} alpha_j / (1 - alpha_j)), where alpha_i is the
    probability that i is the best and beta, 1/2, that of choosing the best of a draw rather than
    the best of another draw that is not it (arXiv 1602.08448, of top-two Thompson sampling).

    Args:
        drawn: Values drawn jointly, shape (draws, n); columns of nan are never the best.

    Returns:
        Shape (n,). Where one is the best in every draw there is no other to choose, and it has 1.
    """
    winners = np.nan_to_num(drawn, nan=-np.inf).argmax(axis=1)
    best = np.bincount(winners, minlength=drawn.shape[1]) / len(drawn)
    if best.max() == 1.0:
        return best
    odds = best / (1 - best)
    return np.asarray(best * (0.5 + 0.5 * (odds.sum() - odds)), dtype=np.float64)


ACQUISITIONS: Final[dict[str, Acquisition]] = {
    "mean": expected_value,
    "upper_confidence_bound": upper_confidence_bound,
    "expected_improvement": expected_improvement,
}
TOP_TWO_THOMPSON: Final = "top_two_thompson"


def acquisition_of(name: str, generator: np.random.Generator) -> Acquisition | TopTwoThompson:
    """Return an acquisition by name; the generator is for one that draws."""
    return TopTwoThompson(generator) if name == TOP_TWO_THOMPSON else ACQUISITIONS[name]
