"""The operation "noise" of S4 (arXiv 1909.09656, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naslib_proxydata.seeding import torch_generator


class Noise(nn.Module):
    """Standard normal noise in place of the input, new in every forward pass.

    Args:
        stride: Of the image that it stands for.
        place: Where in a network it stands: two places have different noise, and one place of
            two equal networks the same.
    """

    def __init__(self, stride: int, place: str) -> None:
        super().__init__()
        self.stride = stride
        self.place = place
        self.passes = 0

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to noise of (n, channels, h/stride, w/stride)."""
        shape = features[:, :, :: self.stride, :: self.stride].shape
        generator = torch_generator(0, "noise", self.place, self.passes)
        self.passes += 1
        return torch.randn(shape, generator=generator).to(features)
