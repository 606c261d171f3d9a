"""What a given model is shown: images at its own size and normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset


@dataclass(frozen=True)
class ModelInput:
    """How images are prepared for a model; what is None is left as the dataset has it.

    Attributes:
        size: Side of the middle square that is cropped.
        resize: Shorter side to which images are resized before; images of ``size`` already are
            left alone.
        mean: Mean by channel that is subtracted, of pixels in [0, 1].
        std: Standard deviation by channel that is divided by, likewise.
        interpolation: ``bilinear`` or ``bicubic``.
    """

    size: int | None = None
    resize: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str = "bilinear"

    @property
    def sentence(self) -> str:
        """What it does, in a few words."""
        size = "images as they are"
        if self.size is not None:
            size = f"images resized to {self.resize} ({self.interpolation}), cropped to {self.size}"
        if self.mean is None or self.std is None:
            return f"{size}, normalised by the dataset's statistics"
        return f"{size}, mean {_listed(self.mean)}, deviation {_listed(self.std)}"


class PreparedModel(nn.Module):
    """A given model behind the loader of a dataset, whose normalisation it undoes.

    Args:
        model: Takes images of shape (n, channels, h, w), gives logits of shape (n, classes).
        prepared: How its images are prepared.
        dataset: Where images come from.
    """

    def __init__(self, model: nn.Module, prepared: ModelInput, dataset: Dataset) -> None:
        super().__init__()
        self.model = model
        self._input = prepared
        self._mean, self._std = (torch.tensor(part).view(-1, 1, 1) for part in dataset.statistics)
        self._channels = _channels(model)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images of the dataset, shape (n, channels, h, w), to logits."""
        given = self._input
        if given.size is not None or given.mean is not None:
            images = images * self._std.to(images.device) + self._mean.to(images.device)
            images = _resized(images, given).clamp(0, 1)
        if images.shape[1] == 1 and self._channels == 3:
            images = images.repeat(1, 3, 1, 1)
        if given.mean is not None and given.std is not None:
            images = (images - _by_channel(given.mean, images)) / _by_channel(given.std, images)
        elif given.size is not None:
            images = (images - self._mean.to(images.device)) / self._std.to(images.device)
        outputs = self.model(images)
        logits: Tensor = getattr(outputs, "logits", outputs)
        return logits


def _resized(pixels: Tensor, given: ModelInput) -> Tensor:
    """Resize the shorter side and crop the middle square, as torchvision's presets do."""
    if given.size is None or tuple(pixels.shape[2:]) == (given.size, given.size):
        return pixels
    height, width = pixels.shape[2:]
    shorter = max(given.resize or given.size, given.size)
    short = min(height, width)
    sides = [int(shorter * side / short) for side in (height, width)]
    resized = pixels
    if sides != [height, width]:
        resized = functional.interpolate(pixels, sides, mode=given.interpolation, antialias=True)
    top, left = (round((side - given.size) / 2) for side in sides)
    return resized[:, :, top : top + given.size, left : left + given.size]


def _by_channel(values: tuple[float, ...], images: Tensor) -> Tensor:
    return torch.tensor(values, device=images.device).view(-1, 1, 1)


def _channels(model: nn.Module) -> int | None:
    """Return how many channels the first convolution takes, or None where there is none."""
    convolutions = (layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    first = next(convolutions, None)
    return None if first is None else first.in_channels


def _listed(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4g}" for value in values)
