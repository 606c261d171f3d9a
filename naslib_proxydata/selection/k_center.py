"""Greedy k-center: each next example is the one farthest from those chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

CANDIDATES = 512
ROWS = 2048


class KCenterSelector(Selector):
    """Greedy k-center on features (arXiv 1708.00489, algorithm 1; used by arXiv 2106.04784).

    Starts at the example nearest to the mean. Among equally far examples the lowest index is
    taken.
    """

    name = "k-center"
    needs = frozenset({"features"})
    scorer = "features"
    deterministic = True

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Choose greedily; the order of the result is the order of choice."""
        return greedy_k_center(inputs.required("features", self.name), size)


def greedy_k_center(features: Floats, size: int) -> NDArray[np.int64]:
    """Choose ``size`` examples, each the farthest from those chosen before it.

    Exactly the textbook's choice, in blocks. Distances to the nearest centre only shrink, so
    among the farthest candidates the next centres can be decided from distances between
    candidates alone, for as long as the farthest candidate is farther than every example
    outside was at the block's start. Then one matrix product updates all distances for all
    centres of the block, which is the only work that grows with size x examples.

    Args:
        features: Shape (n, dimensions); distances are Euclidean in their floating-point type.
        size: From 1 to n.

    Returns:
        Indices in the order of choice, shape (size,).
    """
    points = np.ascontiguousarray(features - features.mean(0))
    squares = np.einsum("ij,ij->i", points, points)
    chosen = [int(np.argmin(squares))]
    distances = np.full(len(points), np.inf, points.dtype)  # squared, to the nearest centre
    _approach(distances, points, squares, chosen)
    while len(chosen) < size:
        block = _next_centres(distances, points, squares, size - len(chosen))
        _approach(distances, points, squares, block)
        chosen.extend(block)
    return np.array(chosen, dtype=np.int64)


def _next_centres(distances: Floats, points: Floats, squares: Floats, most: int) -> list[int]:
    """Return the next centres in order, as many as the candidates can decide, at least one."""
    count = min(CANDIDATES, len(distances))
    candidates = np.sort(np.argpartition(-distances, count - 1)[:count])
    near = distances[candidates]  # squared distances to the nearest centre, candidates only
    outside = near.min() if count < len(distances) else -np.inf
    own, own_squares = points[candidates], squares[candidates]
    if near.max() <= outside:  # a tie that reaches beyond the candidates: the lowest index wins
        return [int(np.argmax(distances))]
    centres: list[int] = []
    while len(centres) < most and near.max() > outside:
        farthest = int(np.argmax(near))
        centres.append(int(candidates[farthest]))
        to_new = own_squares + own_squares[farthest] - 2 * (own @ own[farthest])
        near = np.minimum(near, np.maximum(to_new, 0))
        near[farthest] = -1  # never again, even where others coincide with it
    return centres


def _approach(distances: Floats, points: Floats, squares: Floats, centres: list[int]) -> None:
    """Lower squared distances, in place, where one of the new centres is nearer."""
    targets = points[centres]
    doubled = -2 * targets.T  # dimensions x centres
    offsets = squares[centres]
    for start in range(0, len(points), ROWS):
        rows = slice(start, start + ROWS)
        products = points[rows] @ doubled
        products += offsets
        nearest = products.min(axis=1) + squares[rows]
        np.minimum(distances[rows], np.maximum(nearest, 0), out=distances[rows])
    distances[centres] = -1
