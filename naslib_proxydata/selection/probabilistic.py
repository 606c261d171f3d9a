"""Examples drawn by the histogram of their entropies: the selection of proxy data."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.histogram import (
    CHUNK,
    Weighting,
    example_weights,
    log_histogram,
    published_width,
)
from naslib_proxydata.selection.weighted import weighted_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from naslib_proxydata.selection.balanced import Rows

_log = logging.getLogger(__name__)


class ProbabilisticSelector(BalancedSelector):
    """Draws without replacement with a weight that its histogram bin gives each example.

    Args:
        bin_width: Width of the bins in log10 units; the dataset's where None, see
            ``histogram.published_width``.
        balance: Draw from each class its share, with the weights of the whole dataset's
            histogram.

    Raises:
        SelectionError: The width is not positive.
    """

    needs = frozenset({"scores"})
    scorer = "entropy"
    promises_scorer = True
    weighting: ClassVar[Weighting]

    def __init__(self, bin_width: float | None = None, balance: bool = False) -> None:
        super().__init__(balance)
        if bin_width is not None and not 0 < bin_width < np.inf:
            raise SelectionError(
                f"selector {self.name!r}: bin_width must be above 0 and finite, got {bin_width}"
            )
        self.bin_width = None if bin_width is None else float(bin_width)

    def fitted(self, inputs: SelectorInputs) -> Self:
        """Return the selector with the dataset's bin width, where it had none."""
        if self.bin_width is not None:
            return self
        made = copy.copy(self)
        made.bin_width = published_width(inputs.dataset)
        return made

    def parameters(self) -> Mapping[str, Any]:
        """Return the bin width, and whether classes are balanced."""
        return {"bin_width": self.bin_width, **super().parameters()}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Count, weigh, draw."""
        scores = inputs.required("scores", self.name)
        histogram = log_histogram(scores, self.bin_width or published_width(inputs.dataset))
        for complaint in histogram.complaints():
            _log.warning("selector %r: %s", self.name, complaint)
        weights = example_weights(histogram.counts, self.weighting)

        def drawn(rows: Rows, quota: int) -> NDArray[np.int64]:
            among = scores[rows]
            chunks = (
                weights[histogram.bins(among[start : start + CHUNK])]
                for start in range(0, len(among), CHUNK)
            )
            return weighted_sample(chunks, quota, generator)

        return self.spread(inputs, size, drawn)


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
