"""AnyNet networks: a stem and stages of equal blocks (arXiv 1905.13214, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import SequentialTrunk, conv, conv_norm_relu
from naslib_proxydata.spaces.nds.anynet_settings import (
    BASIC,
    BOTTLENECK,
    PLAIN,
    SCORED_STEM,
    AnyNetSettings,
    Stage,
)

TAPS = 3


def _stem(stage: Stage, in_channels: int) -> nn.Module:
    """Return the published stem of a stride."""
    width = stage.width
    if stage.stride == 1:
        return conv_norm_relu(in_channels, width, 3)
    if stage.stride == 4:
        pool = nn.MaxPool2d(3, stride=2, padding=1)
        return nn.Sequential(conv_norm_relu(in_channels, width, 7, 2), pool)
    return nn.Sequential(
        conv_norm_relu(in_channels, width // 2, 3, 2),
        conv_norm_relu(width // 2, width, 3, 2),
        conv_norm_relu(width, width, 3, 2),
    )


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs))


class PlainBlock(nn.Module):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        self.first = conv_norm_relu(inputs, stage.width, 3, stride)
        self.second = conv_norm_relu(stage.width, stage.width, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, width, h/stride, w/stride)."""
        result: Tensor = self.second(self.first(features))
        return result


class ResidualBlock(Combining):
    """Some layers beside a shortcut, then ReLU; the shortcut is 1x1 where the shape changes."""

    def __init__(self, layers: nn.Module, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = layers
        changes = inputs != outputs or stride != 1
        self.shortcut = _conv_norm(inputs, outputs, 1, stride) if changes else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        return self.rectified_sum(self.shortcut(features), self.layers(features), self.relu)


def _basic(inputs: int, stage: Stage, stride: int) -> nn.Module:
    """Return a residual block of two 3x3 convolutions."""
    width = stage.width
    layers = nn.Sequential(conv_norm_relu(inputs, width, 3, stride), _conv_norm(width, width, 3))
    return ResidualBlock(layers, inputs, width, stride)


def _bottleneck(inputs: int, stage: Stage, stride: int) -> nn.Module:
    """Return a residual block of a 1x1, a grouped 3x3 and a 1x1 convolution."""
    inner = stage.inner
    layers = nn.Sequential(
        conv_norm_relu(inputs, inner, 1),
        conv(inner, inner, 3, stride, groups=stage.groups),
        nn.BatchNorm2d(inner),
        nn.ReLU(),
        _conv_norm(inner, stage.width, 1),
    )
    return ResidualBlock(layers, inputs, stage.width, stride)


_BLOCKS: dict[str, Callable[[int, Stage, int], nn.Module]] = {
    PLAIN: PlainBlock,
    BASIC: _basic,
    BOTTLENECK: _bottleneck,
}


def _stage(block_type: str, inputs: int, stage: Stage, stride: int) -> nn.Sequential:
    """Return a stage's blocks."""
    make = _BLOCKS[block_type]
    first = make(inputs, stage, stride)
    return nn.Sequential(first, *(make(stage.width, stage, 1) for _ in range(stage.depth - 1)))


class AnyNetTrunk(SequentialTrunk):
    """The published stem and stages; taps are the last three stages' outputs."""

    def __init__(self, net: AnyNetSettings, in_channels: int) -> None:
        stem, *stages = net.stages
        widths = [stage.width for stage in net.stages]
        layers = [_stem(stem, in_channels)]
        for inputs, stage in zip(widths, stages, strict=False):
            layers.append(_stage(net.block_type, inputs, stage, stage.stride))
        taps = range(len(layers))[-TAPS:]
        super().__init__(layers, taps, widths[-TAPS:])


def scored_trunk(net: AnyNetSettings, in_channels: int) -> SequentialTrunk:
    """Return the trunk that Eproxy's release scores (arXiv 2210.09459).

    CIFAR's stem, 12 channels wide, comes before all stages, so the record's first entry (the
    published stem) is a stage of one block, at stride 1. The release takes ``num_gs`` for the
    width of a group; here it is the number of groups, as the published parameters show.
    """
    layers: list[nn.Module] = [conv_norm_relu(in_channels, SCORED_STEM, 3)]
    inputs = SCORED_STEM
    for place, stage in enumerate(net.stages):
        stride = stage.stride if place else 1
        layers.append(_stage(net.block_type, inputs, stage, stride))
        inputs = stage.width
    widths = [stage.width for stage in net.stages[-TAPS:]]
    return SequentialTrunk(layers, range(len(layers))[-TAPS:], widths)
