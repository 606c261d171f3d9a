"""The number of trainable parameters of the published network."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.schema import Settings


class Params(Predictor):
    """More parameters score higher.

    Counts the network as published, dead edges included: that is what benchmark tables print.
    """

    name = "params"
    needs_network = False
    sees = "raw"

    def __init__(self, **options: Any) -> None:
        Settings.parse(options, f"predictor {self.name!r}")

    def evaluate(self, architecture: Any) -> float:
        """Return the parameter count."""
        space = self.task.space
        return float(space.params(architecture, num_classes=self.task.num_classes))
