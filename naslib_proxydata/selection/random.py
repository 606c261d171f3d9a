"""Examples drawn uniformly: the baseline of every other selector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RandomSelector(Selector):
    """Every example is equally likely (arXiv 2106.04784)."""

    name = "random"

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw without replacement."""
        return generator.choice(inputs.count, size, replace=False, shuffle=False)
