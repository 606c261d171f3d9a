"""Coverage-centric selection: every level of difficulty, without the very hardest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray


class CoverageCentricSelector(Selector):
    """CCS (arXiv 2210.15809, algorithm 1): stratified sampling over the range of scores.

    The hardest share goes first. The rest is cut into strata of equal score range, and from the
    smallest stratum to the largest each gives an equal share of what is still to be chosen, or
    all it has.

    Args:
        hardest_dropped: Share of the dataset, the hardest examples, that is never chosen; the
            paper tunes it (its beta). Fewer are dropped where the size leaves too few.
        strata: Number of strata; 50 in the paper.

    Raises:
        SelectionError: The share is outside [0, 1) or the number of strata below 1.
    """

    name = "coverage-centric"
    needs = frozenset({"scores"})
    scorer = "el2n"

    def __init__(self, hardest_dropped: float = 0.1, strata: int = 50) -> None:
        if not 0 <= hardest_dropped < 1 or strata < 1:
            raise SelectionError(
                "selector 'coverage-centric': hardest_dropped must be in [0, 1) and strata at "
                f"least 1, got {hardest_dropped} and {strata}"
            )
        self.hardest_dropped = float(hardest_dropped)
        self.strata = strata

    def parameters(self) -> Mapping[str, Any]:
        """Return the dropped share and the number of strata."""
        return {"hardest_dropped": self.hardest_dropped, "strata": self.strata}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Drop, stratify, draw."""
        scores = inputs.required("scores", self.name)
        dropped = min(int(self.hardest_dropped * len(scores)), len(scores) - size)
        left = np.argsort(scores, kind="stable")[: len(scores) - dropped]
        strata = _strata(scores[left], self.strata)
        budgets = stratum_budgets(np.bincount(strata, minlength=self.strata), size)
        drawn = [
            generator.choice(left[strata == stratum], budget, replace=False)
            for stratum, budget in enumerate(budgets)
            if budget
        ]
        return np.concatenate(drawn)


def stratum_budgets(sizes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Share ``size`` among strata, the smallest first, none giving more than it has.

    Args:
        sizes: Examples of each stratum, shape (strata,), their sum at least ``size``.
        size: Number of examples in all.
    """
    budgets = np.zeros(len(sizes), np.int64)
    order = np.argsort(sizes, kind="stable")
    for place, stratum in enumerate(order):
        share = (size - budgets.sum()) // (len(order) - place)
        budgets[stratum] = min(sizes[stratum], share)
    return budgets


def _strata(scores: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return the stratum of each score: ``count`` equal parts of the scores' range."""
    low, high = float(scores.min()), float(scores.max())
    if low == high:
        return np.zeros(len(scores), np.intp)
    places = np.floor((scores - low) / (high - low) * count).astype(np.intp)
    return np.minimum(places, count - 1)
