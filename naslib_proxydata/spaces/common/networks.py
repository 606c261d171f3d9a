"""Building blocks that the networks of several spaces share.

Sums are made out of place: a tensor that another branch still reads is never overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from naslib_proxydata.kernels.convolution import Convolution
from naslib_proxydata.kernels.dense import dense
from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.trunk import Trunk

FEWEST_INPUTS = 8
"""Channels from which on torch may compute a pointwise convolution with a stride by itself."""


class Subsampled(nn.Conv2d):
    """A pointwise convolution that takes the pixels of its stride first, then convolves them.

    The same numbers. Left to itself, torch on a CPU (2.13, oneDNN) writes past its memory in the
    gradient of the weights where the image has its channels side by side (channels_last) and they
    are less than eight: the process aborts later, in some other place.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        rows, columns = self.stride
        return nn.functional.conv2d(features[:, :, ::rows, ::columns], self.weight)


def conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """Return a convolution without bias that keeps height and width at stride 1."""
    padding = dilation * (kernel // 2)
    spoilt = kernel == 1 and stride > 1 and inputs < FEWEST_INPUTS
    return (Subsampled if spoilt else nn.Conv2d)(
        inputs, outputs, kernel, stride, padding, dilation=dilation, groups=groups, bias=False
    )


def conv_norm_relu(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return convolution, batch normalisation, ReLU."""
    return nn.Sequential(conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs), nn.ReLU())


class FactorizedReduction(Combining):
    """What a skip connection becomes where the shape changes.

    ReLU, then two 1x1 convolutions, one of them on the image moved by one pixel, side by side,
    then normalisation.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.straight = conv(inputs, outputs // 2, 1, stride)
        self.moved = conv(inputs, outputs - outputs // 2, 1, stride)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        halves = self._compiled(features) if self.compiled else None
        if halves is None:
            features = features.relu()
            moved = nn.functional.pad(features, (0, 1, 0, 1))[:, :, 1:, 1:]
            halves = [self.straight(features), self.moved(moved)]
        normed: Tensor = self.norm(self.concatenation(halves))
        return normed

    def _compiled(self, features: Tensor) -> list[Tensor] | None:
        """Convolve the positive part without making it or its moved image, where that can be."""
        halves = []
        for layer, moved in ((self.straight, 0), (self.moved, 1)):
            if not isinstance(layer, Convolution) or not layer.takes(features):
                return None
            form = layer.form._replace(moved=moved)
            halves.append(dense(features, layer.weight, form, rectify=True))
        return halves


class SequentialTrunk(Trunk):
    """Layers one after another, some of whose outputs are taps.

    Args:
        layers: The layers.
        taps: Positions in ``layers`` whose outputs are taps, ascending; the last one is final
            and layers after it are never run.
        channels: Number of channels of each tap, in the same order.
    """

    def __init__(
        self, layers: Sequence[nn.Module], taps: Sequence[int], channels: Sequence[int]
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers[: taps[-1] + 1])
        self.taps = frozenset(taps)
        self.channels = tuple(channels)[::-1]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (n, in_channels, h, w) to the taps, the final one first."""
        taps = []
        features = images
        for position, layer in enumerate(self.layers):
            features = layer(features)
            if position in self.taps:
                taps.append(features)
        return taps[::-1]


class Classifier(nn.Module):
    """A trunk whose final tap is averaged over height and width and classified."""

    def __init__(self, trunk: Trunk, num_classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.channels[0], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to logits (n, num_classes)."""
        logits: Tensor = self.head(self.trunk(images)[0].mean(dim=(2, 3)))
        return logits
