"""Early stopping by the dominant eigenvalue, before a cell collapses (arXiv 1909.09656, 4.3).

The eigenvalue grows sharply when DARTS enters flat, then sharp minima; the search ends there and
returns the architecture from before.
"""

from __future__ import annotations

from collections.abc import Mapping

from naslib_proxydata.summation import ordered_sum

WINDOW, LAG, RATIO, FIRST = 5, 5, 0.75, 11
"""Epochs of a local average; k; the threshold (all section 4.3); the first epoch to be returned.

The last is the release's (src/search/args.py, es_start_epoch 10 counted from 0); its other numbers,
a lag of 4 and a ratio of 1 / 1.3, are not the paper's and are not used.
"""


def local_average(values: Mapping[int, float], epoch: int, window: int = WINDOW) -> float | None:
    """Return the mean of the values of the ``window`` epochs around one; None where one lacks."""
    around = [values.get(epoch + shift) for shift in range(-(window // 2), window // 2 + 1)]
    known = [value for value in around if value is not None]
    return ordered_sum(known) / window if len(known) == window else None


def returned_epoch(
    values: Mapping[int, float],
    *,
    window: int = WINDOW,
    lag: int = LAG,
    ratio: float = RATIO,
    first: int = FIRST,
) -> int | None:
    """Return the epoch whose architecture is to be returned, None where the search goes on.

    The first i with lambda(i - k) / lambda(i) < ratio stops the search, which knows lambda(i), a
    local average, after epoch i + window // 2. It returns the architecture of epoch i - k.

    Args:
        values: The dominant eigenvalue by epoch, counting from 1.
        window: Epochs of a local average.
        lag: k.
        ratio: The threshold.
        first: The first epoch whose architecture may be returned.
    """
    for epoch in sorted(values):
        before = local_average(values, epoch - lag, window)
        now = local_average(values, epoch, window)
        if before is None or now is None or epoch - lag < first:
            continue
        if now > 0 and before < ratio * now:
            return epoch - lag
    return None
