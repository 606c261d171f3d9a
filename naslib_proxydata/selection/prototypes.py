"""Prototypes: the centres of clusters of features, and how far from them an example is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.kmeans_outliers import nearest_centre_distances
from naslib_proxydata.selection.numbers import check_whole
from naslib_proxydata.selection.origin import End

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.balanced import Rows

    Floats = NDArray[np.floating[Any]]

CLUSTERS = 100
STARTS = 3


class PrototypesSelector(BalancedSelector):
    """Keeps what is farthest from, or nearest to, the closest prototype (arXiv 2206.14486).

    k-means on features of length one; the difficulty of an example is its cosine distance to
    the nearest centre. The paper keeps the hardest of many data and the easiest of few. That the
    distance is the cosine's is said by the authors' release of scores
    (``rgeirhos/dataset-pruning-metrics``). Their features are self-supervised ones (SwAV): where
    the features are those of a classifier that was trained with the labels, these are the
    paper's *supervised* prototypes.

    Args:
        clusters: Number of prototypes, but no more than there are examples. The paper's number
            could not be checked here.
        keep: ``highest`` keeps the farthest, ``lowest`` the nearest.
        balance: Choose within each class; prototypes are those of the whole dataset.

    Raises:
        SelectionError: ``clusters`` is below 1 or ``keep`` no end.
    """

    name = "prototypes"
    needs = frozenset({"features"})
    scorer = "features"

    def __init__(
        self, clusters: int = CLUSTERS, keep: End = "highest", balance: bool = False
    ) -> None:
        super().__init__(balance)
        check_whole("selector 'prototypes'", clusters=clusters)
        if keep not in ("highest", "lowest"):
            raise SelectionError(
                f"selector 'prototypes': keep must be highest or lowest, got {keep!r}"
            )
        self.clusters = clusters
        self.keep = keep

    def parameters(self) -> Mapping[str, Any]:
        """Return clusters, the end that is kept, and whether classes are balanced."""
        return {"clusters": self.clusters, "keep": self.keep, **super().parameters()}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Cluster, measure, sort."""
        clusters = min(self.clusters, inputs.count)
        features = inputs.required("features", self.name)
        distances = prototype_distances(features, clusters, generator)
        keys = -distances if self.keep == "highest" else distances

        def first(rows: Rows, quota: int) -> NDArray[np.int64]:
            return np.argsort(keys[rows], kind="stable")[:quota]

        return self.spread(inputs, size, first)


def prototype_distances(
    features: Floats, clusters: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Return cosine distances 1 - x.c / (|x| |c|) to the nearest k-means centre, shape (n,).

    Args:
        features: Shape (n, dimensions); vectors of zeros are at distance 1/2 of every centre.
        clusters: Number of centres, from 1 to n.
        generator: Seeds scikit-learn's ``MiniBatchKMeans``.
    """
    from sklearn.cluster import MiniBatchKMeans

    points = _unit(features.astype(np.float32))
    means = MiniBatchKMeans(
        clusters,
        n_init=STARTS,
        batch_size=max(1024, 10 * clusters),
        random_state=int(generator.integers(2**31)),
    ).fit(points)
    # Between vectors of length one, half the squared distance is one minus the cosine.
    return np.asarray(nearest_centre_distances(points, _unit(means.cluster_centers_)) / 2)


def _unit(vectors: Floats) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
