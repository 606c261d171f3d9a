"""Weighted draws without replacement, in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import SelectionError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def weighted_sample(
    chunks: Iterable[NDArray[np.float64]], size: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw without replacement, each next one in proportion to the weights of those left.

    Example i gets the key E_i / w_i with E_i ~ Exp(1), and the ``size`` smallest keys win. The
    smallest of exponentials with rates w_i is i with probability w_i / sum w, and by their lack
    of memory this holds again for those left: the draw is exactly that of picking one by one
    (Efraimidis and Spirakis, 2006). Only ``size`` keys and one chunk are held in memory.

    Args:
        chunks: Weights in dataset order, each chunk of shape (any,); zeros are never drawn.
        size: Number of examples to draw.
        generator: Gives one exponential number for each example, in order, however chunked.

    Returns:
        Indices in the order of the keys, which is the order of picking one by one.

    Raises:
        SelectionError: Fewer than ``size`` weights are positive.
    """
    keys = np.empty(0)
    indices = np.empty(0, np.int64)
    threshold, start = np.inf, 0
    for weights in chunks:
        with np.errstate(divide="ignore"):
            new = generator.standard_exponential(len(weights)) / weights
        close = np.flatnonzero(new < threshold)
        keys = np.concatenate([keys, new[close]])
        indices = np.concatenate([indices, close + start])
        if len(keys) > size:
            best = np.argpartition(keys, size - 1)[:size]
            keys, indices = keys[best], indices[best]
            threshold = keys.max()
        start += len(weights)
    if len(keys) < size:
        raise SelectionError(f"only {len(keys)} examples can be drawn, {size} were asked for")
    return indices[np.argsort(keys, kind="stable")]
