"""Moderate coreset: examples of median distance to the centre of their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.quotas import class_members, class_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.balanced import Rows

    Floats = NDArray[np.floating[Any]]


class ModerateSelector(BalancedSelector):
    """Keeps the examples whose distance to their class's centre is nearest to the median.

    Xia et al., Moderate Coreset, ICLR 2023, as in the authors' release (``selection.py``): the
    centre is the median of the class's features, dimension by dimension, the distance is
    Euclidean, and of all examples in order of distance the middle ones are kept: as many are
    nearer as are farther.

    Args:
        balance: Keep the middle of each class, not of all examples.
    """

    name = "moderate"
    needs = frozenset({"features", "labels"})
    scorer = "features"
    deterministic = True

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Measure, sort, keep the middle."""
        labels = inputs.required("labels", self.name)
        class_sizes(labels, self.name)
        distances = centre_distances(inputs.required("features", self.name), labels)

        def middle(rows: Rows, quota: int) -> NDArray[np.int64]:
            order = np.argsort(distances[rows], kind="stable")
            start = (len(order) - quota) // 2
            return order[start : start + quota]

        return self.spread(inputs, size, middle)


def centre_distances(features: Floats, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Euclidean distances to the median vector of the example's class, shape (n,).

    Args:
        features: Shape (n, dimensions).
        labels: int64, shape (n,).
    """
    distances = np.empty(len(labels))
    for members in class_members(labels):
        own = features[members]
        distances[members] = np.linalg.norm(own - np.median(own, axis=0), axis=1)
    return distances
