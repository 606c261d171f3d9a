"""Herding: examples whose mean is, at every step, nearest to the mean of their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.quotas import class_members, class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HerdingSelector(Selector):
    """Herding on features, class by class (Welling, ICML 2009; arXiv 1611.07725, algorithm 4).

    Classes give the same share of their examples. Welling's herding picks the largest <w, x> and
    adds mean - x to w; this is the greedy form by which it is used on examples, which is the same
    for vectors of one length. Features are taken as they are, not scaled to length one.
    """

    name = "herding"
    needs = frozenset({"features", "labels"})
    scorer = "features"
    deterministic = True

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Herd each class by itself."""
        labels = inputs.required("labels", self.name)
        features = inputs.required("features", self.name)
        quotas = proportional_quotas(class_sizes(labels, self.name), size)
        return np.concatenate(
            [
                rows[herd(features[rows], int(quota))]
                for rows, quota in zip(class_members(labels), quotas, strict=True)
            ]
        )


def herd(points: NDArray[np.floating[Any]], size: int) -> NDArray[np.int64]:
    """Choose points whose running mean stays nearest to the mean of all.

    Step k takes argmin_x ||mu - (x + sum of those chosen) / k|| over the points left (arXiv
    1611.07725, algorithm 4). With the gap g = k mu - sum this is argmin_x |x|^2 - 2 x.g; x.g is
    updated by one product of the points with mu - x for the x that was chosen.

    Args:
        points: Shape (n, dimensions); computed in float64.
        size: From 0 to n.

    Returns:
        Positions in the order of choice, shape (size,); of equally good ones the first.
    """
    # Distances do not change with the origin, and with it at the mean, g is minus the sum.
    centred = points.astype(np.float64) - points.mean(0, dtype=np.float64)
    costs = np.einsum("ij,ij->i", centred, centred)
    chosen = np.empty(size, np.int64)
    for step in range(size):
        chosen[step] = np.argmin(costs)
        costs += 2 * (centred @ centred[chosen[step]])
        costs[chosen[step]] = np.inf
    return chosen
