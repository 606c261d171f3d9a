"""AnyNet networks as values, and what NDS draws them from (arXiv 1905.13214; no torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

PLAIN, BASIC, BOTTLENECK = "double_plain_block", "res_basic_block", "res_bottleneck_block"
STEM_STRIDES = (1, 4, 8)
SCORED_STEM = 12
"""Channels of the stem before all stages in scored trunks (release of arXiv 2210.09459)."""


class Choices(NamedTuple):
    """What a stage of a family is drawn from (arXiv 1905.13214, table 1, and the released files).

    Attributes:
        block_type: The block that all stages repeat.
        depths: Blocks of a stage.
        widths: Channels of a stage.
        ratios: Inner width of a bottleneck as a fraction of the stage's; empty without one.
        groups: Groups of a bottleneck's 3x3 convolution; empty without one.
        stem: Channels of the stem.
        strides: Strides of the stem and of each stage.
    """

    block_type: str
    depths: tuple[int, ...]
    widths: tuple[int, ...]
    ratios: tuple[float, ...]
    groups: tuple[int, ...]
    stem: int
    strides: tuple[int, ...]


_DEPTHS, _WIDTHS = (
    (1, 2, 3, 4, 6, 8, 12, 16, 24),
    (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256),
)
_DEPTHS_IN = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24)
_WIDTHS_IN = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_POWERS, _RATIOS = (1, 2, 4, 8, 16), (0.25, 0.5, 1.0)
_CIFAR, _IMAGENET = (1, 1, 2, 2), (4, 1, 2, 2, 2)

CHOICES: Final[Mapping[str, Choices]] = {
    "vanilla": Choices(PLAIN, _DEPTHS, _WIDTHS, (), (), 16, _CIFAR),
    "vanilla-in": Choices(PLAIN, _DEPTHS_IN, _WIDTHS_IN, (), (), 32, _IMAGENET),
    "resnet": Choices(BASIC, _DEPTHS, _WIDTHS, (), (), 16, _CIFAR),
    "resnet-in": Choices(BASIC, _DEPTHS_IN, _WIDTHS_IN, (), (), 32, _IMAGENET),
    "resnext-a": Choices(
        BOTTLENECK, _POWERS, (16, 32, 64, 128, 256), _RATIOS, (1, 2, 4), 16, _CIFAR
    ),
    "resnext-a-in": Choices(
        BOTTLENECK, _POWERS, (16, 32, 64, 128, 256), _RATIOS, (1, 2, 4), 64, (8, 1, 2, 2)
    ),
    "resnext-b": Choices(BOTTLENECK, _POWERS, (4, 8, 16, 32, 64), _RATIOS, _POWERS, 16, _CIFAR),
    "resnext-b-in": Choices(
        BOTTLENECK, _POWERS, (4, 8, 16, 32, 64), _RATIOS, _POWERS, 64, (8, 1, 2, 2)
    ),
}


@dataclass(frozen=True)
class Stage:
    """A stage of equal blocks, the first of which has the stride.

    Attributes:
        depth: Number of blocks.
        width: Number of channels.
        stride: Stride of the first block.
        ratio: Inner width of a bottleneck as a fraction of ``width``; 0 for other blocks.
        groups: Groups of a bottleneck's 3x3 convolution; 0 for other blocks.
    """

    depth: int
    width: int
    stride: int
    ratio: float = 0.0
    groups: int = 0

    @property
    def inner(self) -> int:
        """Inner width of a bottleneck."""
        return round(self.width * self.ratio)


@dataclass(frozen=True)
class AnyNetSettings:
    """A network: what its blocks are, and its stages, of which the first is the stem."""

    block_type: str
    stages: tuple[Stage, ...]
