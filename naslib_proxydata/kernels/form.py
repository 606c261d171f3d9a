"""What a convolution with a square kernel reads."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import nn


class Form(NamedTuple):
    """What a convolution reads, the same for height and width.

    Attributes:
        moved: By how many pixels what is read is moved to the right and down; it adds no output.
    """

    kernel: int
    stride: int
    padding: int
    dilation: int
    moved: int = 0

    def size(self, size: int) -> int:
        """Return the height or width of the outputs."""
        reach = self.dilation * (self.kernel - 1)
        return (size + 2 * self.padding - reach - 1) // self.stride + 1

    def sizes(self, shape: torch.Size) -> tuple[int, int]:
        """Return height and width of the outputs for features (n, channels, h, w)."""
        height, width = map(self.size, shape[2:])
        return height, width

    def read(self) -> tuple[int, int, int, int]:
        """Return kernel, stride, padding before the first pixel, and dilation, as C takes them."""
        return self.kernel, self.stride, self.padding - self.moved, self.dilation


FILTERED: Final = Form(kernel=3, stride=1, padding=1, dilation=1)
"""What Winograd's minimal filtering does."""


def form_of(layer: nn.Conv2d) -> Form | None:
    """Return what a layer reads; None where it has sides of its own, or other pixels around."""
    pairs = layer.kernel_size, layer.stride, layer.padding, layer.dilation
    square = all(isinstance(pair, tuple) and pair[0] == pair[1] for pair in pairs)
    if not square or layer.padding_mode != "zeros":
        return None
    return Form(*(int(pair[0]) for pair in pairs))
