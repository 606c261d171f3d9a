"""The standard augmentation and normalisation, on whole batches at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CropAndFlip:
    """Zero-pad, crop at a random place, and mirror every second image on average.

    Attributes:
        padding: Pixels of padding on every side; 0 for no crop.
        flip: Whether images are mirrored from left to right with probability 1/2.
    """

    padding: int = 4
    flip: bool = True

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment a batch.

        Args:
            images: Any type, shape (n, channels, h, w).
            generator: A generator on the images' device.

        Returns:
            Images of the same type and shape.
        """
        count, channels, height, width = images.shape
        places = 2 * self.padding + 1
        device = images.device
        top = torch.randint(places, (count, 1), generator=generator, device=device)
        left = torch.randint(places, (count, 1), generator=generator, device=device)
        rows = top + torch.arange(height, device=device)  # n x h
        columns = left + torch.arange(width, device=device)  # n x w
        if self.flip:
            mirrored = torch.rand(count, 1, generator=generator, device=device) < 0.5
            columns = torch.where(mirrored, columns.flip(1), columns)
        padded = torch.nn.functional.pad(images, [self.padding] * 4)
        example = torch.arange(count, device=device).view(-1, 1, 1, 1)
        channel = torch.arange(channels, device=device).view(1, -1, 1, 1)
        return padded[example, channel, rows[:, None, :, None], columns[:, None, None]]


@dataclass(frozen=True)
class Normalise:
    """Turn uint8 pixels into float32 with zero mean and unit deviation by channel.

    Attributes:
        mean: Mean by channel, of pixels in [0, 1].
        std: Standard deviation by channel, likewise.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Return (images / 255 - mean) / std, float32, shape (n, channels, h, w)."""
        mean, std = _on_device(self.mean, images.device), _on_device(self.std, images.device)
        return (images.float() / 255 - mean) / std


@lru_cache
def _on_device(by_channel: tuple[float, ...], device: torch.device) -> Tensor:
    """Return numbers by channel, shape (channels, 1, 1), copied to a device once."""
    return torch.tensor(by_channel, device=device).view(-1, 1, 1)
