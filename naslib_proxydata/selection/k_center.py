"""Greedy k-center: each next example is the one farthest from those chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.large import AT_ONCE, row_chunks

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
    centres of the block, which is the only work that grows with size x examples. Features are
    read a bounded number of rows at a time, so they may lie in a file.

    Args:
        features: Shape (n, dimensions); distances are Euclidean in their floating-point type.
        size: From 1 to n.

    Returns:
        Indices in the order of choice, shape (size,).
    """
    points = _Centred(features)
    chosen = [int(np.argmin(points.squares))]
    distances = np.full(len(features), np.inf, features.dtype)  # squared, to the nearest centre
    _approach(distances, points, chosen)
    while len(chosen) < size:
        block = _next_centres(distances, points, size - len(chosen))
        _approach(distances, points, block)
        chosen.extend(block)
    return np.array(chosen, dtype=np.int64)


class _Centred:
    """Features minus their mean, made when they are asked for.

    Centred, since |x|^2 - 2 x.c + |c|^2 cancels digits where the points lie far from the origin.

    Attributes:
        squares: |x|^2 of each point, shape (n,).
        row_bytes: Bytes of one point.
    """

    def __init__(self, features: Floats) -> None:
        self._features = features
        self._mean = features.mean(0)
        self.row_bytes = features.shape[1] * features.itemsize
        self.squares = np.empty(len(features), features.dtype)
        for rows in self.chunks():
            points = self[rows]
            self.squares[rows] = np.einsum("ij,ij->i", points, points)

    def __getitem__(self, rows: slice | list[int] | NDArray[np.int64]) -> Floats:
        """Return some points, shape (rows, dimensions)."""
        return np.ascontiguousarray(self._features[rows] - self._mean)

    def chunks(self) -> Iterator[slice]:
        """Yield slices of rows that fit into memory, and into the processor's cache."""
        return row_chunks(len(self._features), self.row_bytes, ROWS)


def _next_centres(distances: Floats, points: _Centred, most: int) -> list[int]:
    """Return the next centres in order, as many as the candidates can decide, at least one."""
    count = min(CANDIDATES, max(1, AT_ONCE // points.row_bytes), len(distances))
    # Ascending, so that of equally far candidates argmax takes the lowest index, as among all.
    candidates = np.sort(np.argpartition(-distances, count - 1)[:count])
    near = distances[candidates]  # squared distances to the nearest centre, candidates only
    outside = near.min() if count < len(distances) else -np.inf
    farthest = int(np.argmax(near))
    if near[farthest] <= outside:  # a tie that reaches beyond the candidates: lowest index wins
        return [int(np.argmax(distances))]
    own, own_squares = points[candidates], points.squares[candidates]
    between = np.maximum(own_squares[:, None] + own_squares - 2 * (own @ own.T), 0)
    centres: list[int] = []
    while len(centres) < most and near[farthest] > outside:
        centres.append(int(candidates[farthest]))
        np.minimum(near, between[farthest], out=near)
        near[farthest] = -1  # never again, even where others coincide with it
        farthest = int(np.argmax(near))
    return centres


def _approach(distances: Floats, points: _Centred, centres: list[int]) -> None:
    """Lower squared distances, in place, where one of the new centres is nearer.

    One product of the points x, a 1 behind them, with (-2 c, |c|^2) gives |c|^2 - 2 x.c; |x|^2
    is added after the minimum over the centres.
    """
    own = points[centres]
    targets = np.column_stack([-2 * own, points.squares[centres]]).T
    # One buffer of each kind for all pieces: fresh arrays cost as much as the product.
    chunks = list(points.chunks())
    extended = np.ones((chunks[0].stop, len(targets)), own.dtype)
    products = np.empty((chunks[0].stop, len(centres)), own.dtype)
    for rows in chunks:
        current = distances[rows]
        extended[: len(current), :-1] = points[rows]
        nearest = np.matmul(extended[: len(current)], targets, out=products[: len(current)]).min(1)
        nearest += points.squares[rows]
        np.maximum(nearest, 0, out=nearest)  # rounding may leave a square below zero
        np.minimum(current, nearest, out=current)
    distances[centres] = -1  # a centre is never chosen again
