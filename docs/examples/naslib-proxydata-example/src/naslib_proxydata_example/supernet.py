"""The supernet of the space: every layer runs all of its operations and adds them up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import BatchNorm, ChosenEdge, Supernet
from naslib_proxydata.spaces.common.networks import conv
from naslib_proxydata_example.space import CHANNELS, KERNELS, LAYERS, OPERATIONS

KIND = "chain"


class TinyChainSupernet(Supernet):
    """Stem, mixed layers with pooling between them, mean, classifier.

    Args:
        channels: Channels of all layers.
        cells: Must be 1: the space has no cells that could be repeated.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: Must be 1.

    Raises:
        SearchError: ``cells`` or ``partial`` is not 1.
    """

    choices = {  # noqa: RUF012
        KIND: Choices(tuple((row, row + 1) for row in range(LAYERS)), (OPERATIONS,) * LAYERS)
    }

    def __init__(
        self,
        channels: int = CHANNELS,
        cells: int = 1,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
    ) -> None:
        super().__init__()
        if cells != 1 or partial != 1:
            raise SearchError("the space 'tiny-chain' has one cell and no partial channels")
        self.stem = nn.Sequential(conv(in_channels, channels, 3), BatchNorm(), nn.ReLU())
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    name: nn.Sequential(conv(channels, channels, kernel), BatchNorm(), nn.ReLU())
                    for name, kernel in KERNELS.items()
                }
            )
            for _ in range(LAYERS)
        )
        self.pool = nn.AvgPool2d(2)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        features: Tensor = self.stem(images)
        for row in range(LAYERS):
            features = self._mixed(row, features if row == 0 else self.pool(features), mixtures)
        logits: Tensor = self.classifier(features.mean((2, 3)))
        return logits

    def _mixed(self, row: int, features: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Return the sum of a layer's operations, each with its weight."""
        mixture, total = mixtures[KIND], features * 0
        for column, name in enumerate(OPERATIONS):
            if mixture.runs(row, column):
                value = features if name == "skip" else self.layers[row][name](features)
                total = total + mixture.weights[row, column] * value
        return total if mixture.idle is None else total + mixture.idle[row]

    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        columns = strengths[KIND].argmax(1)
        edges = [ChosenEdge(row, row + 1, OPERATIONS[one]) for row, one in enumerate(columns)]
        return {KIND: edges}

    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        return "|".join(edge.operation for edge in self.chosen(strengths)[KIND])
