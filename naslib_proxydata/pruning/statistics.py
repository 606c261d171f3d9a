"""Streaming statistics of each example's prediction error: O(N) memory, one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.pruning.arrays import on_host, put_beside, zeros_beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def error_norms(probabilities: Any, targets: Any) -> Any:
    """Return e = ||p - y||_2 of each example (arXiv 2312.14200, eq. 3; EL2N's summand).

    Args:
        probabilities: Softmax outputs, shape (batch, classes), numpy or torch.
        targets: Integer labels, shape (batch,), of the same kind and on the same device.

    Returns:
        Shape (batch,), between 0 and the square root of 2, where the probabilities were.
    """
    rows = (targets * 0 + 1).cumsum(0) - 1  # 0, 1, ... on the same device, in either library
    difference = probabilities + 0.0  # batch x classes, a copy
    difference[rows, targets] -= 1.0
    return (difference * difference).sum(-1) ** 0.5


class ErrorStatistics:
    """Mean and variance of each example's errors since the last :meth:`clear` (Welford).

    An example may be seen any number of times in a window: each sight is one observation.

    Args:
        size: Number of examples of the whole dataset; indices are below it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.clear()

    def clear(self) -> None:
        """Forget every error: a new window begins."""
        self._count: Any = None
        self._mean: Any = None
        self._squares: Any = None

    def update(self, indices: NDArray[np.int64], errors: Any) -> None:
        """Take in one batch, where the errors are.

        Args:
            indices: Distinct dataset indices, shape (batch,), on the host.
            errors: Shape (batch,), numpy or torch.

        Raises:
            PruningError: Indices repeat, are out of range, or do not match the errors.
        """
        self._check(indices, len(errors))
        if self._count is None:
            self._count, self._mean, self._squares = (
                zeros_beside(self.size, errors) for _ in range(3)
            )
        rows = put_beside(indices, errors)
        count = self._count[rows] + 1
        deviation = errors - self._mean[rows]
        mean = self._mean[rows] + deviation / count
        self._count[rows] = count
        self._mean[rows] = mean
        self._squares[rows] += deviation * (errors - mean)

    def count(self) -> NDArray[np.int64]:
        """Return how often each example was seen in the window, shape (size,)."""
        if self._count is None:
            return np.zeros(self.size, dtype=np.int64)
        return on_host(self._count).astype(np.int64)

    def mean(self) -> NDArray[np.float64]:
        """Return each example's mean error, shape (size,), nan where it was not seen."""
        if self._count is None:
            return np.full(self.size, np.nan)
        return np.where(self.count() > 0, self._finite(self._mean), np.nan)

    def variance(self) -> NDArray[np.float64]:
        """Return V = (1/T) sum over t of (e_t - mean)^2, the VoE (arXiv 2312.14200, eq. 4).

        Returns:
            Shape (size,), nan where an example was seen fewer than two times.
        """
        if self._count is None:
            return np.full(self.size, np.nan)
        count = self.count()
        return np.where(count > 1, self._finite(self._squares) / np.maximum(count, 1), np.nan)

    def state_dict(self) -> dict[str, Any]:
        """Return the window as numpy arrays, empty where nothing was seen."""
        if self._count is None:
            return {}
        state = {"count": self._count, "mean": self._mean, "squares": self._squares}
        return {name: on_host(array).copy() for name, array in state.items()}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Take over a window saved by :meth:`state_dict`, beside ``example`` if one is given."""
        self.clear()
        if state:
            arrays = (on_host(state[name]).copy() for name in ("count", "mean", "squares"))
            self._count, self._mean, self._squares = (put_beside(one, example) for one in arrays)

    def _check(self, indices: NDArray[np.int64], errors: int) -> None:
        if len(indices) != errors:
            raise PruningError(
                f"a batch has {len(indices)} indices but probabilities for {errors} examples; "
                "pass the indices of exactly the examples that were predicted"
            )
        if len(indices) and not (indices.min() >= 0 and indices.max() < self.size):
            raise PruningError(
                f"a batch has indices from {indices.min()} to {indices.max()}, the dataset has "
                f"{self.size} examples; pass positions in the whole dataset"
            )
        if len(np.unique(indices)) != len(indices):
            raise PruningError(
                "an index occurs twice in one batch; draw batches without repetition"
            )

    @staticmethod
    def _finite(array: Any) -> NDArray[np.float64]:
        values: NDArray[np.float64] = on_host(array)
        if not np.isfinite(values).all():
            raise PruningError(
                f"{np.sum(~np.isfinite(values))} examples have errors that are not finite; the "
                "network's probabilities were nan: lower the learning rate"
            )
        return values
