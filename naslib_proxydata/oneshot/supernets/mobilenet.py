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
from naslib_proxydata.spaces.networks import conv

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKIP = "skip_connect"
BLOCKS = {f"mbconv_{k}x{k}_e{e}": (k, e) for e in (3, 6) for k in (3, 5, 7)}
OPERATIONS = (*BLOCKS, SKIP)
STEM, FIRST, LAST = 32, 16, 1280
STAGES = ((24, 2), (40, 2), (80, 2), (96, 1), (192, 2), (320, 1))
"""(channels, stride of the first layer) of each stage; the last stage is a single layer."""


def inverted_residual(
    inputs: int, outputs: int, kernel: int, expansion: int, stride: int
) -> nn.Sequential:
    """Return expansion, depthwise convolution and linear projection, without the shortcut."""
    inner = expansion * inputs
    return nn.Sequential(
        conv(inputs, inner, 1),
        BatchNorm(),
        nn.ReLU6(),
        conv(inner, inner, kernel, stride, groups=inner),
        BatchNorm(),
        nn.ReLU6(),
        conv(inner, outputs, 1),
        BatchNorm(),
    )


class MixedLayer(nn.Module):
    """The weighted sum of a layer's blocks, around a shortcut where the shape is kept.

    ``skip_connect`` leaves the shortcut alone.

    Args:
        row: Which row of the mixture the layer is.
        inputs: Channels of its input.
        outputs: Channels of its output.
        stride: Its stride.
    """

    def __init__(self, row: int, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.row = row
        self.outputs, self.stride = outputs, stride
        self.shortcut = inputs == outputs and stride == 1
        self.blocks = nn.ModuleList(
            inverted_residual(inputs, outputs, kernel, expansion, stride)
            for kernel, expansion in BLOCKS.values()
        )

    def forward(self, features: Tensor, mixture: Mixture) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        terms = [features] if self.shortcut else []
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
        channels: int = STEM,
        cells: int = 4,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
    ) -> None:
        super().__init__()
        if partial != 1:
            raise SearchError("the MobileNet-like space has no partial channels")
        scale = channels / STEM
        width = max(1, round(FIRST * scale))
        self.stem = nn.Sequential(
            conv(in_channels, channels, 3, 2), nn.BatchNorm2d(channels), nn.ReLU6()
        )
        self.first = inverted_residual(channels, width, 3, 1, 1)
        layers: list[MixedLayer] = []
        for number, (outputs, stride) in enumerate(STAGES):
            scaled = max(1, round(outputs * scale))
            for place in range(cells if number < len(STAGES) - 1 else 1):
                layers.append(MixedLayer(len(layers), width, scaled, 1 if place else stride))
                width = scaled
        self.layers = nn.ModuleList(layers)
        wide = round(LAST * scale)
        self.last = nn.Sequential(conv(width, wide, 1), nn.BatchNorm2d(wide), nn.ReLU6())
        self.classifier = nn.Linear(wide, num_classes)
        self.choices = {
            "chain": Choices(
                tuple((row, row + 1) for row in range(len(layers))),
                (OPERATIONS,) * len(layers),
                frozenset(
                    (layer.row, OPERATIONS.index(SKIP)) for layer in layers if not layer.shortcut
                ),
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
