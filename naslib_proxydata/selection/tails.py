"""Both ends of the entropy at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.balanced import Rows

BEST_BETA = 0.9
"""The best of 0.5 to 0.9 on NAS-Bench-1Shot1 (arXiv 2106.04784, section 4)."""


class EntropyTailsSelector(BalancedSelector):
    """The bottom beta k and the top (1 - beta) k by entropy (arXiv 2106.04784).

    The authors' release has no such selection; beta k is rounded down here.

    Args:
        beta: Share of the selection that comes from the low end, in [0, 1].
        balance: See :class:`~naslib_proxydata.selection.balanced.BalancedSelector`.

    Raises:
        SelectionError: ``beta`` is outside [0, 1].
    """

    name = "entropy-tails"
    needs = frozenset({"scores"})
    scorer = "entropy"
    promises_scorer = True
    deterministic = True

    def __init__(self, beta: float = BEST_BETA, balance: bool = False) -> None:
        super().__init__(balance)
        if not 0 <= beta <= 1:
            raise SelectionError(f"selector 'entropy-tails': beta must be in [0, 1], got {beta}")
        self.beta = float(beta)

    def parameters(self) -> Mapping[str, Any]:
        """Return beta, and whether classes are balanced."""
        return {"beta": self.beta, **super().parameters()}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sort once and take both ends."""
        scores = inputs.required("scores", self.name)

        def ends(rows: Rows, quota: int) -> NDArray[np.int64]:
            order = np.argsort(scores[rows], kind="stable")
            low = int(self.beta * quota + 1e-9)  # 0.29 * 100 is 28.999...
            return np.concatenate([order[:low], order[len(order) - (quota - low) :]])

        return self.spread(inputs, size, ends)
