"""Both ends of the entropy at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray


class EntropyTailsSelector(Selector):
    """The bottom beta k and the top (1 - beta) k by entropy (arXiv 2106.04784).

    The authors' release has no such selection; beta k is rounded down here.

    Args:
        beta: Share of the selection that comes from the low end, in [0, 1].

    Raises:
        SelectionError: ``beta`` is outside [0, 1].
    """

    name = "entropy-tails"
    needs = frozenset({"scores"})
    scorer = "entropy"
    deterministic = True

    def __init__(self, beta: float = 0.5) -> None:
        if not 0 <= beta <= 1:
            raise SelectionError(f"selector 'entropy-tails': beta must be in [0, 1], got {beta}")
        self.beta = float(beta)

    def parameters(self) -> Mapping[str, Any]:
        """Return beta."""
        return {"beta": self.beta}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sort once and take both ends."""
        order = np.argsort(inputs.required("scores", self.name), kind="stable")
        low = int(self.beta * size)
        return np.concatenate([order[:low], order[len(order) - (size - low) :]])
