"""A predictor that counts convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.seeding import torch_generator


class ConvolutionCount(Predictor[Any]):
    """Scores a network by how many convolutions it has.

    Args:
        weight: What one convolution is worth.
    """

    name = "convolutions"

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def settings(self) -> Mapping[str, Any]:
        return {"weight": self.weight}

    def evaluate(self, architecture: Any) -> float:
        network = self.task.space.network(architecture, torch_generator(self.task.seed, self.name))
        convolutions = [one for one in network.modules() if isinstance(one, nn.Conv2d)]
        return self.weight * len(convolutions)
