"""A few labelled images, as predictors are handed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ImageBatch:
    """A few labelled images, unnormalised.

    Attributes:
        pixels: float32 in [0, 1], shape (n, channels, h, w).
        labels: int64, shape (n,).
        mean: Mean by channel used by :meth:`normalise`.
        std: Standard deviation by channel, likewise.
        source: What reports call them, such as ``"photos"`` or ``"cifar10"``.
        fingerprint: sha256 of pixels and labels; part of the score store's key.
        num_classes: Number of classes of the source.
    """

    pixels: Tensor
    labels: Tensor
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    fingerprint: str
    num_classes: int

    def first(self, count: int) -> Tensor:
        """Return the first ``count`` images, unnormalised, shape (count, channels, h, w).

        Raises:
            DatasetError: There are fewer.
        """
        if count > len(self.pixels):
            raise DatasetError(
                f"{count} images are needed, {self.source!r} holds {len(self.pixels)}; "
                "load more images or use another source"
            )
        return self.pixels[:count]

    def normalise(self, pixels: Tensor) -> Tensor:
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        mean = torch.tensor(self.mean).view(-1, 1, 1)
        std = torch.tensor(self.std).view(-1, 1, 1)
        return (pixels - mean) / std
