"""Outlier removal by class: what lies close to its class's mean stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.large import row_chunks
from naslib_proxydata.selection.quotas import class_members, class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassOutliersSelector(Selector):
    """Class-conditional outlier removal ("Less is More").

    Of each class c the r n_c examples nearest to the class's mean stay, by the Frobenius norm of
    raw pixels. The paper rounds r n_c down; here roundings are shared so that the sum is exact.
    """

    name = "class-outliers"
    needs = frozenset({"features", "labels"})
    scorer = "pixels"
    deterministic = True

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Measure each class by itself and keep its nearest."""
        labels = inputs.required("labels", self.name)
        features = inputs.required("features", self.name)
        quotas = proportional_quotas(class_sizes(labels, self.name), size)
        kept = []
        for members, quota in zip(class_members(labels), quotas, strict=True):
            distances = distances_to_mean(features, members)
            kept.append(members[np.argsort(distances, kind="stable")[:quota]])
        return np.concatenate(kept)


def distances_to_mean(
    points: NDArray[np.floating[Any]], members: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Return squared Euclidean distances of some points to their own mean.

    Only 64 MiB of them are copied at a time.

    Args:
        points: Shape (n, dimensions).
        members: Which of them, shape (k,), k at least 1.

    Returns:
        Shape (k,), of the points' type.
    """
    row_bytes = points.shape[1] * points.itemsize
    chunks = [members[rows] for rows in row_chunks(len(members), row_bytes)]
    total = np.zeros(points.shape[1], points.dtype)
    for chunk in chunks:
        total += points[chunk].sum(0)
    mean = total / np.asarray(len(members), points.dtype)
    distances = []
    for chunk in chunks:
        centred = points[chunk] - mean
        distances.append(np.einsum("ij,ij->i", centred, centred))
    return np.concatenate(distances)
