"""A selector that needs nothing but the number of examples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.selection.base import Selector, SelectorInputs


class EvenlySpaced(Selector):
    """Chooses examples at equal distances in dataset order."""

    name = "evenly-spaced"
    deterministic = True

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        return np.arange(size, dtype=np.int64) * inputs.count // size
