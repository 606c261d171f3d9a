"""Cutout: a square of each image is set to the mean (arXiv 1708.04552)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Cutout:
    """Set a square around a random pixel to 0, in normalised images: their mean.

    Every pixel is as likely as the others to be the centre, so that a square may lie partly
    outside (arXiv 1708.04552, section 3.1).

    Attributes:
        side: Pixels of a side, 16 in DARTS on CIFAR-10.
    """

    side: int

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return a batch with a square taken out of each image.

        Args:
            images: Normalised, shape (n, channels, h, w).
            generator: On the images' device.
        """
        count, _, height, width = images.shape
        rows = self._covered(count, height, images.device, generator)
        columns = self._covered(count, width, images.device, generator)
        out = rows[:, None, :, None] & columns[:, None, None, :]
        return images.masked_fill(out, 0.0)

    def _covered(
        self, count: int, size: int, device: torch.device, generator: torch.Generator
    ) -> Tensor:
        """Return which of the places along one side a square covers, bool, shape (n, size)."""
        centre = torch.randint(size, (count, 1), generator=generator, device=device)
        start = centre - self.side // 2
        place = torch.arange(size, device=device)
        return (place >= start) & (place < start + self.side)
