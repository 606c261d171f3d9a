"""Which examples to drop, given a score for each: ratios, sides and class limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.pruning.balance import balance_degree, class_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

Side = Literal["low", "high"]
"""Which end of the scores is dropped."""


@dataclass(frozen=True)
class Pruning:
    """What one pruning did.

    Attributes:
        kept: Dataset indices that stay, ascending.
        wanted: Number of examples that the ratio asked to drop.
        dropped: Number dropped; fewer than wanted where limits or missing scores forbade it.
        spared: Number that would have gone but for the limit of their class.
        unscored: Number of examples that were kept because they had no score.
        balance: Balance degree b of the classes before the pruning.
    """

    kept: NDArray[np.int64]
    wanted: int
    dropped: int
    spared: int
    unscored: int
    balance: float


def check_side(side: str) -> Side:
    """Return the end of the scores that a user named.

    Raises:
        PruningError: It is neither ``low`` nor ``high``.
    """
    sides: dict[str, Side] = {"low": "low", "high": "high"}
    if side not in sides:
        raise PruningError(f"the side to drop is 'low' or 'high', got {side!r}")
    return sides[side]


def number_to_drop(count: int, ratio: float) -> int:
    """Return floor(ratio * count), immune to the last bit of the product."""
    return int(ratio * count + 1e-9)


def drop(
    active: NDArray[np.int64],
    scores: NDArray[np.float64],
    targets: NDArray[np.int64],
    number: int,
    *,
    side: Side,
    prunings: int | None,
) -> Pruning:
    """Drop up to ``number`` examples from one end of the scores, class by class limited.

    The examples are visited from that end; one whose class has reached its limit is kept and
    the next one takes its place. Examples without a score (nan) are kept. Equal scores go in
    the order of ``active``.

    Args:
        active: Dataset indices in use, shape (n,).
        scores: Score of each, shape (n,), nan where there is none.
        targets: Labels of each, integers from 0, shape (n,).
        number: How many to drop.
        side: The end to drop from.
        prunings: Prunings of the whole search, for the class balance constraint; None lifts it.
    """
    sizes = np.unique(targets, return_counts=True)[1].astype(np.int64)
    classes = np.unique(targets, return_inverse=True)[1].reshape(-1)
    scored = np.flatnonzero(~np.isnan(scores))
    key = scores[scored] if side == "low" else -scores[scored]
    order = scored[np.argsort(key, kind="stable")]
    limits = class_limits(sizes, prunings)
    allowed = _rank_in_class(classes[order]) < limits[classes[order]]
    victims = order[allowed][:number]
    keep = np.ones(len(active), dtype=bool)
    keep[victims] = False
    return Pruning(
        kept=active[keep],
        wanted=number,
        dropped=len(victims),
        spared=int((~allowed[:number]).sum()),
        unscored=len(active) - len(scored),
        balance=balance_degree(sizes),
    )


def _rank_in_class(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many earlier entries belong to the same class, shape as given."""
    by_class = np.argsort(classes, kind="stable")
    starts = np.searchsorted(classes[by_class], classes[by_class], side="left")
    ranks = np.empty(len(classes), dtype=np.int64)
    ranks[by_class] = np.arange(len(classes)) - starts
    return ranks
