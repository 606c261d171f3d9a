"""The histogram of log10 scores, and the weights that proxy data give its bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from naslib_proxydata.errors import SelectionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Weighting = Literal["p1", "p2", "p3"]

WIDTHS = {"cifar10": 0.5, "cifar100": 0.25, "svhn": 0.2, "imagenet": 0.25}
"""Bin widths by dataset, in log10 units (arXiv 2106.04784, figure 4)."""
OTHER_WIDTH = 0.5
"""The width for any other dataset: that of CIFAR-10, on which the paper chose its method."""
FEW_BINS = 5
"""With fewer occupied bins than these, a histogram tells little; the paper's have 32 to 72."""
MOST_BINS = 1_000_000
"""With more bins than these, there is a bin for each example, and their counts fill the memory."""
MOST_IN_A_BIN = 0.5
"""With more than this share of the examples in one bin, nearly all are drawn alike."""

CHUNK = 1 << 20
"""Examples handled at a time, so that ImageNet-size scores need little memory beside them."""


@dataclass(frozen=True)
class LogHistogram:
    """Counts of log10 scores in bins of equal width.

    Attributes:
        low: Lower edge of the first bin, in log10 units.
        width: Width of a bin, in log10 units.
        counts: Examples in each bin, int64, shape (bins,).
        smallest: The smallest positive score; zeros are counted with it.
    """

    low: float
    width: float
    counts: NDArray[np.int64]
    smallest: float

    @property
    def edges(self) -> NDArray[np.float64]:
        """The edges of the bins in log10 units, shape (bins + 1,)."""
        return self.low + self.width * np.arange(len(self.counts) + 1, dtype=np.float64)

    def complaints(self) -> list[str]:
        """Return what makes draws by this histogram hardly better than random ones."""
        occupied = int((self.counts > 0).sum())
        largest = float(self.counts.max() / self.counts.sum())
        advice = "use a smaller bin_width, or look at the scores with --plot"
        said = []
        if occupied < FEW_BINS:
            said.append(
                f"the histogram of scores has {occupied} occupied bins of width {self.width}, so "
                f"few that they tell little apart; {advice}"
            )
        if largest > MOST_IN_A_BIN:
            said.append(
                f"one bin of the histogram of scores holds {100 * largest:.0f} % of all examples, "
                f"which are drawn alike; {advice}"
            )
        return said

    def bins(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the bin of each score, shape (len(scores),)."""
        exponents = np.log10(np.maximum(scores, self.smallest))
        places = np.floor((exponents - self.low) / self.width).astype(np.intp)
        return np.clip(places, 0, len(self.counts) - 1)


def published_width(dataset: str) -> float:
    """Return the bin width of a dataset (arXiv 2106.04784, figure 4), in log10 units.

    Args:
        dataset: Its name, such as ``cifar100`` or ``CIFAR-100``. ImageNet's width is that of
            every dataset whose name begins with it, such as ImageNet16-120.
    """
    name = "".join(letter for letter in dataset.lower() if letter.isalnum())
    if name.startswith("imagenet"):
        name = "imagenet"
    return WIDTHS.get(name, OTHER_WIDTH)


def log_histogram(scores: NDArray[np.float64], width: float) -> LogHistogram:
    """Count log10 scores (arXiv 2106.04784; edges as in the authors' release).

    The low edge is the rounded minimum, lowered by the width until it is not above the
    minimum; the high edge likewise. A score of exactly 0 has no logarithm: it is counted with
    the smallest positive score (the published lists hold no zeros).

    Args:
        scores: Entropies in nats, at least one of them positive.
        width: Width of a bin in log10 units; the paper's are 0.5 for CIFAR-10, 0.25 for
            CIFAR-100 and ImageNet, 0.2 for SVHN.

    Raises:
        SelectionError: A score is negative, none is positive, or the width is not positive, not
            finite, or so small that there are more than :data:`MOST_BINS` bins.
    """
    if not 0 < width < np.inf:
        raise SelectionError(f"the bin width must be above 0 and finite, got {width}")
    if scores.min() < 0:
        raise SelectionError(
            f"scores for a log10 histogram must not be negative, got {scores.min():.4g}; "
            "entropies are what is expected"
        )
    largest = float(scores.max())
    if largest == 0:
        raise SelectionError("all scores are 0; a log10 histogram needs positive ones")
    smallest = float(scores.min()) or float(scores[scores > 0].min())
    least, most = float(np.log10(smallest)), float(np.log10(largest))
    if (most - least + 1) / width > MOST_BINS:  # the edges lie at most half an exponent outside
        raise SelectionError(
            f"a bin width of {width} makes more than {MOST_BINS:,} bins of log10 scores; take a "
            "larger one"
        )
    low = _outer_edge(least, -width)
    bins = round((_outer_edge(most, width) - low) / width)
    empty = LogHistogram(low, width, np.zeros(max(1, bins), np.int64), smallest)
    counts = empty.counts
    for start in range(0, len(scores), CHUNK):
        places = empty.bins(scores[start : start + CHUNK])
        counts = counts + np.bincount(places, minlength=len(counts))
    return LogHistogram(low, width, counts, smallest)


def example_weights(counts: NDArray[np.int64], weighting: Weighting) -> NDArray[np.float64]:
    """Return the weight of each example of a bin, not normalised, shape (bins,).

    arXiv 2106.04784, equations 2 to 5: an example of bin b with h_b examples is drawn with a
    probability proportional to W_b / h_b, with W1 = max h - h_b + 1, W2 = 1 / bins and
    W3 = 1 / h_b. Empty bins weigh 0.
    """
    occupied = counts > 0
    heights = np.where(occupied, counts, 1).astype(np.float64)
    by_bin = {
        "p1": counts.max() - heights + 1,
        "p2": np.full(len(counts), 1 / len(counts)),
        "p3": 1 / heights,
    }[weighting]
    return np.where(occupied, by_bin / heights, 0.0)


def _outer_edge(exponent: float, step: float) -> float:
    """Return the rounded exponent, moved by ``step`` until it is not inside the data."""
    edge = float(round(exponent))
    while (edge - exponent) * np.sign(step) < 0:
        edge += step
    return edge
