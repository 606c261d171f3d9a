"""A scorer that needs no model: how much contrast an image has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext

CHUNK = 1000  # images that are read at once, so that large datasets need little memory


class Contrast(Scorer):
    """The standard deviation of an image's pixels in [0, 1].

    Args:
        border: Pixels that are left out at each side.
    """

    name = "contrast"

    def __init__(self, border: int = 0) -> None:
        self.border = border

    def settings(self) -> Mapping[str, Any]:
        return {"border": self.border}

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        count = len(context.dataset)
        chunks = np.split(np.arange(count), range(CHUNK, count, CHUNK))
        return np.concatenate([self._contrast(context, indices) for indices in chunks])

    def _contrast(self, context: ScoringContext, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        pixels = context.dataset.pixels(indices).numpy() / 255.0
        height, width = pixels.shape[2:]
        inner = pixels[:, :, self.border : height - self.border, self.border : width - self.border]
        return inner.std(axis=(1, 2, 3))
