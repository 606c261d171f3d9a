"""The synthetic targets that Eproxy regresses (arXiv 2210.09459, section 2.1).

Every feature has shape (n, 512, 8, 8) for images of 32x32 and depends on the seed alone (and,
for ``net``, on the images), so that all branches and all configs of a search share it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.eproxy.config import MAX_CHANNELS, Branch, Feature
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build

_PHASES = 32
_SINE = {"sine_low": (0.0, 0.0125), "sine_mid": (0.125, 0.025), "sine_high": (0.375, 0.0125)}
"""First of the ten frequencies in cycles per pixel, and their spacing."""

MakeFeature: TypeAlias = Callable[[Feature, Tensor, int, int], Tensor]
"""Makes a feature from its name, images, seed and branch, as :func:`feature` does."""


def feature(name: Feature, images: Tensor, seed: int, branch: int = 0) -> Tensor:
    """Make one feature for a batch of images (n, channels, h, w): (n, 512, h/4, w/4).

    Args:
        name: Which one.
        images: The images, which only ``net`` reads.
        seed: Of all that is drawn.
        branch: Whose last convolution ``net`` has; the other features know no branches.
    """
    generator = torch_generator(seed, "eproxy", "label", name)
    if name == "net":
        last = torch_generator(seed, "eproxy", "label", name, branch) if branch else None
        return net(images, generator, last)
    size = (images.shape[2] // 4, images.shape[3] // 4)
    if name == "dot":
        return dot(len(images), size, generator)
    first, step = _SINE[name]
    return waves([first + step * i for i in range(10)], len(images), size, generator)


def target(
    branch: Branch, images: Tensor, seed: int, feature: MakeFeature = feature, number: int = 0
) -> Tensor:
    """Sum the features of a branch, times its level; shape (n, out_channels, h/4, w/4).

    Args:
        branch: The branch.
        images: Shape (n, channels, h, w).
        seed: Of all that is drawn.
        feature: Makes a feature.
        number: Of the branch whose label convolution it has.
    """
    n, _, height, width = images.shape
    total = torch.zeros(n, branch.out_channels, height // 4, width // 4)
    for name in branch.features:
        total += feature(name, images, seed, number)[:, : branch.out_channels]
    return total * branch.level


def dot(n: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw -1 or +1 with equal probability, independently; shape (n, 512, h, w)."""
    return torch.randint(0, 2, (n, MAX_CHANNELS, *size), generator=generator) * 2.0 - 1.0


def waves(betas: list[float], n: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw one-dimensional sines along rows and along columns; shape (n, 512, h, w).

    For each frequency beta and each of 32 phases phi ~ U(0, 2 pi), the values
    ``sin(2 pi beta k + phi)`` (cosine for every other phase) at pixels k = 1, 2, ... are laid
    along the rows, and again along the columns. Of these 64 maps a frequency, 512 are kept at
    random. Phases and choice are drawn anew for each sample.
    """
    height, width = size
    length = max(size)
    beta = torch.tensor(betas).view(1, -1, 1, 1)
    position = torch.arange(1, length + 1)
    phase = torch.rand(n, len(betas), _PHASES, 1, generator=generator) * 2 * math.pi
    angle = 2 * math.pi * beta * position + phase  # n x betas x phases x length
    even = torch.arange(_PHASES).view(-1, 1) % 2 == 0
    sines = torch.where(even, angle.sin(), angle.cos()).flatten(1, 2)  # n x maps x length
    along_rows = sines[:, :, None, :width].expand(-1, -1, height, -1)
    along_columns = sines[:, :, :height, None].expand(-1, -1, -1, width)
    maps = torch.cat([along_rows, along_columns], dim=1)
    kept = torch.rand(n, maps.shape[1], generator=generator).argsort(dim=1)[:, :MAX_CHANNELS]
    return torch.gather(maps, 1, kept[:, :, None, None].expand(-1, -1, height, width))


@torch.no_grad()
def net(images: Tensor, generator: torch.Generator, last: torch.Generator | None = None) -> Tensor:
    """Pass images (n, channels, h, w) through an untrained network: (n, 512, h/4, w/4).

    Six 3x3 convolutions of 64, 128, 256, 512, 1024 and 512 channels; batch normalisation (by
    the batch's own statistics) and ReLU on all but the last; 2x2 max pooling after the first two.

    Args:
        images: The images.
        generator: Source of the weights.
        last: Source of the last convolution's where that is a branch's own.
    """
    network = build(partial(_label_net, images.shape[1]), generator)
    if last is not None:
        network[-1] = build(_last_convolution, last)
    features: Tensor = network(images)
    return features


def _last_convolution() -> nn.Conv2d:
    return nn.Conv2d(1024, MAX_CHANNELS, 3, padding=1)


def _label_net(in_channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index, channels in enumerate((64, 128, 256, 512, 1024)):
        layers += [nn.Conv2d(in_channels, channels, 3, padding=1)]
        layers += [nn.BatchNorm2d(channels, track_running_stats=False), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if index < 2 else []
        in_channels = channels
    return nn.Sequential(*layers, _last_convolution())
