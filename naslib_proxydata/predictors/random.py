"""Random scores: the floor that every predictor must beat."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.schema import Settings
from naslib_proxydata.seeding import numpy_generator


class Random(Predictor):
    """A uniform number by seed and architecture, whatever the order of architectures."""

    name = "random"
    needs_network = False
    sees = "raw"

    def __init__(self, **options: Any) -> None:
        Settings.parse(options, f"predictor {self.name!r}")

    def evaluate(self, architecture: Any) -> float:
        """Draw a number in [0, 1) that belongs to the architecture's text."""
        text = self.task.space.text(architecture)
        return float(numpy_generator(self.task.seed, self.name, text).random())
