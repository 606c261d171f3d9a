"""How many examples each class gives to a selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import SelectionError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def class_sizes(labels: NDArray[np.int64], method: str) -> NDArray[np.int64]:
    """Return the number of examples of each class, shape (classes,).

    Raises:
        SelectionError: There is one class only, or a class below the largest has no examples.
    """
    sizes = np.bincount(labels)
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        raise SelectionError(
            f"selector {method!r}: class {empty[0]} has no examples though classes up to "
            f"{len(sizes) - 1} occur; remove the class, or number the classes without gaps"
        )
    if len(sizes) < 2:
        raise SelectionError(
            f"selector {method!r} needs at least two classes, the labels hold one; use a "
            "selector that does not look at classes"
        )
    return sizes


def class_members(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the indices of the examples of each class from 0 on, ascending, sorted out at once."""
    sizes = np.bincount(labels)
    return np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])


def proportional_quotas(sizes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Share ``size`` among classes in proportion to their sizes, each within one of r n_c.

    With r = size / n, class c first gets floor(r n_c); the rest goes, one each, to the classes
    with the largest remainders (Hamilton's method), so that the quotas sum to ``size``.

    Args:
        sizes: Examples of each class, shape (classes,), their sum at least ``size``.
        size: Number of examples in all.
    """
    exact_numerators = sizes * size
    total = max(1, int(sizes.sum()))  # of nothing, nothing is shared
    quotas = exact_numerators // total
    remainders = exact_numerators % total
    rest = size - int(quotas.sum())
    quotas[np.argsort(-remainders, kind="stable")[:rest]] += 1
    return quotas
