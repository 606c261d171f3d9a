"""The layers of the MobileNet-like space (arXiv 1812.00332): where they stand, what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SKIP: Final = "skip_connect"
BLOCKS: Final = {f"mbconv_{k}x{k}_e{e}": (k, e) for e in (3, 6) for k in (3, 5, 7)}
"""Kernel and expansion of each block."""
OPERATIONS: Final = (*BLOCKS, SKIP)
STRIDES: Final = (2, 2, 2, 1, 2, 1)
"""Stride of the first layer of each stage."""
DEPTH: Final = 4
"""Layers of each stage but the last, which has one."""


@dataclass(frozen=True)
class Widths:
    """Channels of a network's fixed parts and of its stages; the paper's by default."""

    stem: int = 32
    first: int = 16
    stages: tuple[int, ...] = (24, 40, 80, 96, 192, 320)
    last: int = 1280


@dataclass(frozen=True)
class Layer:
    """Where a layer stands.

    Attributes:
        inputs: Channels of its input.
        outputs: Channels of its output.
        stride: Its stride.
    """

    inputs: int
    outputs: int
    stride: int

    @property
    def shortcut(self) -> bool:
        """Whether it keeps the shape, so that its input is added to its output."""
        return self.inputs == self.outputs and self.stride == 1


def layers_of(widths: Widths, depth: int = DEPTH) -> list[Layer]:
    """Return the layers of all stages, in order."""
    layers, before = [], widths.first
    for stage, (width, stride) in enumerate(zip(widths.stages, STRIDES, strict=True)):
        for place in range(depth if stage < len(STRIDES) - 1 else 1):
            layers.append(Layer(before, width, 1 if place else stride))
            before = width
    return layers
