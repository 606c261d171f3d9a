"""Formulas on what a training run predicts of each example, epoch by epoch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


def area_under_margin(margins: Iterable[Floats]) -> NDArray[np.float64]:
    """AUM = (1/T) sum_t M_t with M_t = z_y - max_{c != y} z_c (arXiv 2001.10528, eq. 1 and 2).

    Checked against the authors' package ``aum``, which averages margins of logits over the
    training batches.

    Args:
        margins: M_t of each epoch t, shape (n,) each.

    Returns:
        Shape (n,); low, and below 0, for hard and for mislabelled examples.
    """
    total, count = np.zeros(1), 0
    for margin in margins:
        total, count = total + margin.astype(np.float64), count + 1
    return np.asarray(total / count)


def dynamic_uncertainty(probabilities: Iterable[Floats], window: int) -> NDArray[np.float64]:
    """Dyn-Unc: the mean over windows of std(p_k, ..., p_{k+J-1}) (arXiv 2306.05175, section 3).

    p_k is the probability of the example's class in epoch k, std the sample standard deviation.
    As in the authors' release (``ImageNet/get_coreset.py``) the window that ends with the last
    epoch is left out; its factor of ten changes no order and is left out too. With as many
    epochs as the window, or fewer, all of them are the one window.

    Args:
        probabilities: p_k of each epoch k, shape (n,) each, two epochs or more.
        window: J, the number of epochs in a window, two or more.

    Returns:
        Shape (n,), from 0 on.
    """
    held: deque[Floats] = deque(maxlen=window)
    deviations: list[NDArray[np.float64]] = []
    total, count = np.zeros(1), 0
    for probability in probabilities:
        held.append(probability)
        if deviations:  # it was not the last window, so it counts
            total, count = total + deviations.pop(), count + 1
        if len(held) == window:
            deviations.append(_deviation(held))
    if count == 0:
        return _deviation(held)
    return np.asarray(total / count)


def temporal_dual_depth(
    divergences: Iterable[Floats], window: int, decay: float
) -> NDArray[np.float64]:
    """TDDS: sum_k b (1-b)^(T-J-k) ||d_k - mean d_k||_2 (arXiv 2311.13613, section 3).

    d_k holds the J - 1 divergences between neighbouring epochs of window k, which are
    D_t = sum_c |p_t,c (ln p_t,c - ln p_{t-1},c)|; windows k = 0 to T - J. Written after the
    authors' release (``importance_evaluation.py``), whose D takes the absolute value class by
    class. With fewer epochs than the window, all of them are the one window.

    Args:
        divergences: D_t of each epoch t, shape (n,) each, three epochs or more; that of the first
            epoch, which has none before it, is ignored.
        window: J, the number of epochs in a window, three or more.
        decay: b, the weight of the newest window, in (0, 1].

    Returns:
        Shape (n,), from 0 on; high where the contributions of an example vary.
    """
    held: deque[Floats] = deque(maxlen=window - 1)
    average: NDArray[np.float64] | None = None
    for divergence in islice(divergences, 1, None):
        held.append(divergence)
        if len(held) == window - 1:
            before = 0.0 if average is None else (1 - decay) * average
            average = before + decay * _spread(held)
    return decay * _spread(held) if average is None else average


def _deviation(held: Iterable[Floats]) -> NDArray[np.float64]:
    """Return the sample standard deviation over epochs, shape (n,)."""
    return np.asarray(np.std(np.stack(list(held)).astype(np.float64), axis=0, ddof=1))


def _spread(held: Iterable[Floats]) -> NDArray[np.float64]:
    """Return the Euclidean norm over epochs of the deviations from their mean, shape (n,)."""
    values = np.stack(list(held)).astype(np.float64)
    return np.asarray(np.linalg.norm(values - values.mean(0), axis=0))
