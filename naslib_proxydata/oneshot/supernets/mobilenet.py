"""A MobileNet-like chain of 21 layers (arXiv 1812.00332, section 4.1, and its release).

Every layer is an inverted residual block whose kernel (3, 5, 7) and expansion (3, 6) are
chosen; layers that keep the shape may be skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import BatchNorm, ChosenEdge, Supernet, keep_layout
from naslib_proxydata.spaces.common.networks import conv
from naslib_proxydata.spaces.mobilenet.layers import (
    BLOCKS,
    DEPTH,
    OPERATIONS,
    SKIP,
    Layer,
    Widths,
    layers_of,
)
from naslib_proxydata.spaces.mobilenet.network import FIRST_KERNEL, inverted_residual

if TYPE_CHECKING:
    from numpy.typing import NDArray


def unscaled(channels: int) -> BatchNorm:
    """Return the normalisation of supernets, which is the same for any number of channels."""
    return BatchNorm()


class MixedLayer(nn.Module):
    """The weighted sum of a layer's blocks, around a shortcut where the shape is kept.

    ``skip_connect`` leaves the shortcut alone.

    Args:
        row: Which row of the mixture the layer is.
        layer: Its channels and stride.
    """

    def __init__(self, row: int, layer: Layer) -> None:
        super().__init__()
        self.row, self.layer = row, layer
        self.blocks = nn.ModuleList(
            inverted_residual(layer, kernel, expansion, unscaled)
            for kernel, expansion in BLOCKS.values()
        )

    def forward(self, features: Tensor, mixture: Mixture) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        terms = [features] if self.layer.shortcut else []
        for column, block in enumerate(self.blocks):
            if mixture.runs(self.row, column):
                terms.append(mixture.weights[self.row, column] * block(features))
        if mixture.idle is not None:
            terms.append(mixture.idle[self.row])
        return sum(terms[1:], terms[0])


class MobileNetSupernet(Supernet):
    """Stem, a fixed first block, mixed layers, 1x1 convolution, mean, classifier.

    Args:
        channels: Channels of the stem (32 in the paper); all others scale with it.
        cells: Layers of every stage but the last, which has one (4 in the paper).
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: Must be 1.

    Raises:
        SearchError: ``partial`` is not 1.
    """

    def __init__(
        self,
        channels: int = Widths.stem,
        cells: int = DEPTH,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
    ) -> None:
        super().__init__()
        if partial != 1:
            raise SearchError("the MobileNet-like space has no partial channels")
        widths = scaled(channels)
        self.stem = nn.Sequential(
            conv(in_channels, channels, 3, 2), nn.BatchNorm2d(channels), nn.ReLU6()
        )
        first = Layer(channels, widths.first, 1)
        self.first = inverted_residual(first, FIRST_KERNEL, 1, unscaled)
        layers = layers_of(widths, cells)
        self.layers = nn.ModuleList(MixedLayer(row, one) for row, one in enumerate(layers))
        self.last = nn.Sequential(
            conv(layers[-1].outputs, widths.last, 1), nn.BatchNorm2d(widths.last), nn.ReLU6()
        )
        self.classifier = nn.Linear(widths.last, num_classes)
        skip = OPERATIONS.index(SKIP)
        self.choices = {
            "chain": Choices(
                tuple((row, row + 1) for row in range(len(layers))),
                (OPERATIONS,) * len(layers),
                frozenset((row, skip) for row, one in enumerate(layers) if not one.shortcut),
            )
        }

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map images (n, in_channels, h, w) to logits (n, num_classes)."""
        features: Tensor = self.first(self.stem(images))
        for layer in self.layers:
            features = layer(features, mixtures["chain"])
        logits: Tensor = self.classifier(keep_layout(self.last(features)).mean((2, 3)))
        return logits

    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        """Return each layer with its strongest operation."""
        columns = strengths["chain"].argmax(1)
        return {
            "chain": [
                ChosenEdge(row, row + 1, OPERATIONS[column]) for row, column in enumerate(columns)
            ]
        }

    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        """Return the names of the layers' operations, joined by ``|``."""
        return "|".join(edge.operation for edge in self.chosen(strengths)["chain"])


def scaled(channels: int) -> Widths:
    """Return the paper's widths times the stem's channels over the paper's 32, at least 1."""
    paper, scale = Widths(), channels / Widths.stem
    return Widths(
        channels,
        max(1, round(paper.first * scale)),
        tuple(max(1, round(width * scale)) for width in paper.stages),
        round(paper.last * scale),
    )
