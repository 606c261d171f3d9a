"""Greedy k-center: each next example is the one farthest from those chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

CANDIDATES = 768
ROWS = 1024


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

    The textbook's choice but for rounding, in blocks. Distances to the nearest centre only
    shrink, so among the farthest candidates the next centres can be decided from distances
    between candidates alone, for as long as the farthest candidate is farther than every example
    outside was at the block's start. Then one matrix product updates all distances for all
    centres of the block, which is the only work that grows with size x examples.

    Args:
        features: Shape (n, dimensions); distances are Euclidean in their floating-point type.
        size: From 1 to n.

    Returns:
        Indices in the order of choice, shape (size,).
    """
    # Centred, since |x|^2 - 2 x.c + |c|^2 cancels digits where the points lie far from the origin.
    points = np.ascontiguousarray(features - features.mean(0))
    squares = np.einsum("ij,ij->i", points, points)
    extended = np.column_stack([points, np.ones(len(points), points.dtype)])
    chosen = [int(np.argmin(squares))]
    distances = np.full(len(points), np.inf, points.dtype)  # squared, to the nearest centre
    _approach(distances, extended, squares, chosen)
    while len(chosen) < size:
        block = _next_centres(distances, points, squares, size - len(chosen))
        _approach(distances, extended, squares, block)
        chosen.extend(block)
    return np.array(chosen, dtype=np.int64)


def _next_centres(distances: Floats, points: Floats, squares: Floats, most: int) -> list[int]:
    """Return the next centres in order, as many as the candidates can decide, at least one."""
    count = min(CANDIDATES, len(distances))
    # Ascending, so that of equally far candidates argmax takes the lowest index, as among all.
    candidates = np.sort(np.argpartition(-distances, count - 1)[:count])
    near = distances[candidates]  # squared distances to the nearest centre, candidates only
    outside = near.min() if count < len(distances) else -np.inf
    farthest = int(np.argmax(near))
    if near[farthest] <= outside:  # a tie that reaches beyond the candidates: lowest index wins
        return [int(np.argmax(distances))]
    own, own_squares = points[candidates], squares[candidates]
    between = np.maximum(own_squares[:, None] + own_squares - 2 * (own @ own.T), 0)
    centres: list[int] = []
    while len(centres) < most and near[farthest] > outside:
        centres.append(int(candidates[farthest]))
        np.minimum(near, between[farthest], out=near)
        near[farthest] = -1  # never again, even where others coincide with it
        farthest = int(np.argmax(near))
    return centres


def _approach(distances: Floats, extended: Floats, squares: Floats, centres: list[int]) -> None:
    """Lower squared distances, in place, where one of the new centres is nearer.

    ``extended`` holds points x with a 1 behind them, so that one product with (-2 c, |c|^2)
    gives |c|^2 - 2 x.c; |x|^2 is added after the minimum over the centres.
    """
    targets = -2 * extended[centres]
    targets[:, -1] = squares[centres]
    # One buffer for all pieces: a fresh array for each costs as much as the product.
    products = np.empty((ROWS, len(centres)), extended.dtype)
    for start in range(0, len(extended), ROWS):
        rows = slice(start, start + ROWS)
        current = distances[rows]
        nearest = np.matmul(extended[rows], targets.T, out=products[: len(current)]).min(axis=1)
        nearest += squares[rows]
        np.maximum(nearest, 0, out=nearest)  # rounding may leave a square below zero
        np.minimum(current, nearest, out=current)
    distances[centres] = -1  # a centre is never chosen again
