"""The labels that a predictor learns from, checked: enough of them, finite, and not all alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from naslib_proxydata.errors import LabelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

FEWEST_LABELS = 3
"""A correlation of fewer is -1, 0 or 1, and a regression on fewer has none left to leave out."""


def checked_labels(
    accuracies: ArrayLike, usable: Sequence[bool], where: str
) -> NDArray[np.float64]:
    """Return the labels of the architectures that can be learnt from.

    Args:
        accuracies: Of all labelled architectures, shape (n,).
        usable: Of each, whether it can be learnt from: whether it could be scored, say.
        where: What the user would call the place, such as ``predictor 'dps'``.

    Returns:
        Shape (number of usable ones,).

    Raises:
        LabelError: The labels are not one finite number for each architecture, or those of the
            usable ones are fewer than :data:`FEWEST_LABELS` or all equal.
    """
    import numpy as np  # here: the configuration needs no more than the number

    labels: NDArray[np.float64] = np.asarray(accuracies, dtype=np.float64)
    if labels.shape != (len(usable),) or not np.isfinite(labels).all():
        raise LabelError(
            f"{where}: expected one finite label for each of {len(usable)} architectures, got "
            f"shape {labels.shape} with {int(np.isfinite(labels).sum())} finite"
        )
    labels = labels[np.asarray(usable, dtype=bool)]
    alike = len(labels) > 0 and np.ptp(labels) == 0
    if len(labels) < FEWEST_LABELS or alike:
        raise LabelError(
            f"{where}: at least {FEWEST_LABELS} labelled architectures that can be scored, with "
            f"labels that differ, are needed; got {len(labels)}{', all equal' if alike else ''}. "
            "Draw more labels, or label other architectures"
        )
    return labels
