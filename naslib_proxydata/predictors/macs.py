"""The multiply-accumulates of the published network for one image."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.schema import Settings


class Macs(Predictor):
    """More multiply-accumulates score higher.

    Counts the network as published, dead edges included: that is what benchmark tables print
    (where they often call it FLOPs).
    """

    name = "macs"
    needs_network = False
    sees = "raw"

    def __init__(self, **options: Any) -> None:
        Settings.parse(options, f"predictor {self.name!r}")

    def evaluate(self, architecture: Any) -> float:
        """Return the multiply-accumulates at the space's image size."""
        space = self.task.space
        return float(space.macs(architecture, num_classes=self.task.num_classes))
