"""Coverage-centric selection: every level of difficulty, without the very hardest."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.numbers import check_whole
from naslib_proxydata.selection.origin import End

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from naslib_proxydata.selection.balanced import Rows

_log = logging.getLogger(__name__)

PUBLISHED_SHARE = 0.3
"""The share of hardest examples that the authors' README drops (CIFAR-10, a coreset of 10 %)."""


class CoverageCentricSelector(BalancedSelector):
    """CCS (arXiv 2210.15809, algorithm 1): stratified sampling over the range of scores.

    The hardest share goes first. The rest is cut into strata of equal score range, and from the
    smallest stratum to the largest each gives an equal share of what is still to be chosen, or
    all it has. The defaults are those of the authors' release (its README's command for CIFAR-10
    at 90 % pruning, and 50 strata): the area under the margin as the score, and 30 % of the
    dataset dropped.

    Args:
        hardest_dropped: Share of the dataset, the hardest examples, that is never chosen; the
            paper tunes it (its beta) by dataset and pruning rate. Fewer are dropped where the
            size leaves too few.
        strata: Number of strata.
        hardest: The end of the scores that is hard, ``highest`` or ``lowest``; what is known of
            the scores where None, and ``highest`` where nothing is.
        balance: See :class:`~naslib_proxydata.selection.balanced.BalancedSelector`.

    Raises:
        SelectionError: The share is outside [0, 1), the number of strata below 1, or ``hardest``
            no end.
    """

    name = "coverage-centric"
    needs = frozenset({"scores"})
    scorer = "aum"

    def __init__(
        self,
        hardest_dropped: float = PUBLISHED_SHARE,
        strata: int = 50,
        hardest: End | None = None,
        balance: bool = False,
    ) -> None:
        super().__init__(balance)
        check_whole("selector 'coverage-centric'", strata=strata)
        if not 0 <= hardest_dropped < 1:
            raise SelectionError(
                "selector 'coverage-centric': hardest_dropped must be in [0, 1), got "
                f"{hardest_dropped}"
            )
        if hardest not in (None, "highest", "lowest"):
            raise SelectionError(
                f"selector 'coverage-centric': hardest must be highest or lowest, got {hardest!r}"
            )
        self.hardest_dropped = float(hardest_dropped)
        self.strata = strata
        self.hardest = hardest

    def fitted(self, inputs: SelectorInputs) -> Self:
        """Return the selector with the end of the scores that is known to be hard."""
        if self.hardest is None and inputs.hardest is None:
            _log.warning(
                "selector 'coverage-centric': nobody says which end of these scores is hard; the "
                "highest are taken as the hardest. Set hardest to highest or lowest"
            )
        made = copy.copy(self)
        made.hardest = self._hardest(inputs)
        return made

    def parameters(self) -> Mapping[str, Any]:
        """Return the dropped share, the strata, the hard end, and whether it is balanced."""
        own = {"hardest_dropped": self.hardest_dropped, "strata": self.strata}
        return {**own, "hardest": self.hardest, **super().parameters()}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Drop, stratify, draw."""
        scores = inputs.required("scores", self.name)
        difficulty = scores if self._hardest(inputs) == "highest" else -scores

        def stratified(rows: Rows, quota: int) -> NDArray[np.int64]:
            return self._among(difficulty[rows], quota, generator)

        return self.spread(inputs, size, stratified)

    def _hardest(self, inputs: SelectorInputs) -> End:
        return self.hardest or inputs.hardest or "highest"

    def _among(
        self, difficulty: NDArray[np.float64], size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Choose among examples of the given difficulties, shape (n,), the higher the harder."""
        dropped = min(int(self.hardest_dropped * len(difficulty)), len(difficulty) - size)
        left = np.argsort(difficulty, kind="stable")[: len(difficulty) - dropped]
        strata = _strata(difficulty[left], self.strata)
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
