"""Crops of images: a random part resized in training, the middle in tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

RATIOS = 3 / 4, 4 / 3
"""Smallest and largest width over height of a part (arXiv 1409.4842, section 6)."""


@dataclass(frozen=True)
class ResizedCrop:
    """Crop a random part of each image, resize it, and mirror every second on average.

    The part's share of the area is uniform, the logarithm of its ratio of sides too; a side that
    would be longer than the image's is the image's (arXiv 1409.4842, section 6). Pixels are
    interpolated linearly.

    Attributes:
        size: Pixels of a side of the result.
        scale: Smallest and largest share of the area.
        flip: Whether images are mirrored from left to right with probability 1/2.
    """

    size: int
    scale: tuple[float, float] = (0.08, 1.0)
    flip: bool = True

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment a batch.

        Args:
            images: Any type, shape (n, channels, h, w).
            generator: A generator on the images' device.

        Returns:
            float32, shape (n, channels, size, size).
        """
        count, _, height, width = images.shape

        def uniform(low: float, high: float) -> Tensor:
            draws = torch.rand(count, generator=generator, device=images.device)
            return low + (high - low) * draws

        area = uniform(*self.scale) * height * width
        ratio = uniform(math.log(RATIOS[0]), math.log(RATIOS[1])).exp()
        wide = ((area * ratio).sqrt() / width).clamp(max=1.0)  # shares of the sides
        high = ((area / ratio).sqrt() / height).clamp(max=1.0)
        left, top = uniform(0.0, 1.0) * (1 - wide), uniform(0.0, 1.0) * (1 - high)
        mirrored = torch.ones_like(wide)
        if self.flip:
            mirrored = torch.where(uniform(0.0, 1.0) < 0.5, -mirrored, mirrored)
        # Maps places of the result, -1 to 1 in either direction, to places of the image.
        maps = images.new_zeros(count, 2, 3, dtype=torch.float32)
        maps[:, 0, 0], maps[:, 0, 2] = wide * mirrored, 2 * left + wide - 1
        maps[:, 1, 1], maps[:, 1, 2] = high, 2 * top + high - 1
        shape = [count, images.shape[1], self.size, self.size]
        places = F.affine_grid(maps, shape, align_corners=False)
        return F.grid_sample(images.float(), places, padding_mode="border", align_corners=False)


@dataclass(frozen=True)
class MiddleCrop:
    """Take the middle of each image.

    Attributes:
        size: Pixels of a side.
    """

    size: int

    def __call__(self, images: Tensor) -> Tensor:
        """Return the middle of images (n, channels, h, w), none of whose sides is shorter."""
        height, width = images.shape[2:]
        top, left = (height - self.size) // 2, (width - self.size) // 2
        return images[:, :, top : top + self.size, left : left + self.size]
