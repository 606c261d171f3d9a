"""Scores that need no model: the pixels themselves, and the class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.selection.scorers.base import Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.scorers.context import ScoringContext

CHUNK = 2000


class PixelScorer(Scorer):
    """Raw pixels in [0, 1] as one vector."""

    name = "pixels"
    gives = "features"
    cached = False

    def compute(self, context: ScoringContext) -> NDArray[np.float32]:
        """Read all images into one array, float32, shape (n, channels h w)."""
        dataset = context.dataset
        width = dataset.pixels(np.array([0])).numel()
        vectors = np.empty((len(dataset), width), np.float32)
        for start in range(0, len(dataset), CHUNK):
            indices = np.arange(start, min(start + CHUNK, len(dataset)))
            vectors[indices] = dataset.pixels(indices).flatten(1).numpy()
        vectors /= 255
        return vectors


class ClassScorer(Scorer):
    """The class itself, as a number."""

    name = "class"
    needs_labels = True
    cached = False

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Return the labels as float64, shape (n,)."""
        return context.dataset.required_labels("scorer 'class'").astype(np.float64)
