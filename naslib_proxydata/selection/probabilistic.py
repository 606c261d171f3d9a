"""Examples drawn by the histogram of their entropies: the selection of proxy data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.histogram import CHUNK, Weighting, example_weights, log_histogram
from naslib_proxydata.selection.weighted import weighted_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ProbabilisticSelector(Selector):
    """Draws without replacement with a weight that its histogram bin gives each example.

    Args:
        bin_width: Width of the bins in log10 units: 0.5 for CIFAR-10, 0.25 for CIFAR-100 and
            ImageNet, 0.2 for SVHN in the paper.

    Raises:
        SelectionError: The width is not positive.
    """

    needs = frozenset({"scores"})
    scorer = "entropy"
    weighting: ClassVar[Weighting]

    def __init__(self, bin_width: float = 0.5) -> None:
        if not bin_width > 0:
            raise SelectionError(
                f"selector {self.name!r}: bin_width must be above 0, got {bin_width}"
            )
        self.bin_width = float(bin_width)

    def parameters(self) -> Mapping[str, Any]:
        """Return the bin width."""
        return {"bin_width": self.bin_width}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Count, weigh, draw."""
        scores = inputs.required("scores", self.name)
        histogram = log_histogram(scores, self.bin_width)
        weights = example_weights(histogram.counts, self.weighting)
        chunks = (
            weights[histogram.bins(scores[start : start + CHUNK])]
            for start in range(0, len(scores), CHUNK)
        )
        return weighted_sample(chunks, size, generator)


class EntropyP1Selector(ProbabilisticSelector):
    """Prefers bins by how far they are from the fullest (arXiv 2106.04784, eq. 2 to 5)."""

    name = "entropy-p1"
    weighting = "p1"


class EntropyP2Selector(ProbabilisticSelector):
    """Every bin is equally likely (arXiv 2106.04784, eq. 2 to 5)."""

    name = "entropy-p2"
    weighting = "p2"


class EntropyP3Selector(ProbabilisticSelector):
    """Prefers bins by the reciprocal of their size (arXiv 2106.04784, eq. 2 to 5)."""

    name = "entropy-p3"
    weighting = "p3"
