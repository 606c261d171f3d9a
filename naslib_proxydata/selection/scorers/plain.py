"""Scores that need no model: the pixels themselves, and the class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.selection.large import scratch_array
from naslib_proxydata.selection.scorers.base import Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.scorers.context import ScoringContext


class PixelScorer(Scorer):
    """Raw pixels in [0, 1] as one vector."""

    name = "pixels"
    gives = "features"
    cached = False

    def compute(self, context: ScoringContext) -> NDArray[np.float32]:
        """Read all images into one array, float32, shape (n, channels h w)."""
        dataset = context.dataset
        width = dataset.pixels(np.array([0])).numel()
        vectors: NDArray[np.float32] = scratch_array((len(dataset), width), np.float32)
        done = 0
        for pixels in dataset.read_through(np.arange(len(dataset))):
            rows = vectors[done : done + len(pixels)]
            rows[:] = pixels.flatten(1).numpy()
            rows /= 255
            done += len(pixels)
            context.report("reading pixels", done, len(dataset))
        return vectors


class ClassScorer(Scorer):
    """The class itself, as a number."""

    name = "class"
    needs_labels = True
    cached = False

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Return the labels as float64, shape (n,)."""
        return context.dataset.required_labels("scorer 'class'").astype(np.float64)
