"""Small networks, and slow derivatives that know nothing of the package."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.spaces.common.build import initialise

CLASSES = 3


def tiny_network(seed: int = 0) -> nn.Sequential:
    """Two convolutions with batch norm and a classifier, in double precision; 6x6 images."""
    network = nn.Sequential(
        nn.Conv2d(3, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Conv2d(3, 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, CLASSES),
    ).double()
    initialise(network, torch.Generator().manual_seed(seed))
    return network


def tiny_batch(count: int = 6, seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 6, 6, generator=generator, dtype=torch.float64)
    return images, torch.arange(count) % CLASSES


def loss_of(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(network(images), labels)


def weights_of(network: nn.Module) -> list[Tensor]:
    return [p for p in network.parameters() if p.ndim > 1]


@torch.no_grad()
def numeric_gradient(function: Callable[[], Tensor], values: Tensor) -> Tensor:
    """Central differences of a scalar function by every entry of ``values``, one by one."""
    result, step = torch.zeros_like(values), 1e-5
    flat, slopes = values.view(-1), result.view(-1)
    for i in range(len(flat)):
        original = flat[i].item()
        flat[i] = original + step
        above = function().item()
        flat[i] = original - step
        below = function().item()
        flat[i] = original
        slopes[i] = (above - below) / (2 * step)
    return result


def random_images(count: int = 16, size: int = 32, num_classes: int = 10) -> ImageBatch:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(count, 3, size, size, generator=generator)
    labels = torch.arange(count) % num_classes
    return ImageBatch(pixels, labels, (0.5,) * 3, (0.3,) * 3, "random", "f", num_classes)
