"""The labelled images that predictors look at."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.data.photos import NUM_CLASSES as PHOTO_CLASSES
from naslib_proxydata.data.photos import photo_crops, photo_statistics, photographs
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.plugins import Plugins

Statistics: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and standard deviation by channel."""

NOISE_MEAN, NOISE_STD, NOISE_CLASSES = 0.5, 0.25, 10


def load_images(
    source: str, count: int, seed: int, size: int = 32, plugins: Plugins | None = None
) -> ImageBatch:
    """Draw labelled images for predictors, the same for the same arguments.

    Each round of images shows every class once in random order, so that any first few of them
    are as diverse as they can be. Unlabelled datasets are drawn uniformly and labelled 0.

    Args:
        source: ``photos`` (crops of scikit-learn's two photographs), ``noise`` (Gaussian
            pixels, for ablations), or any dataset of
            :func:`naslib_proxydata.data.sources.open_dataset`.
        count: Number of images.
        seed: Seed of the draw.
        size: Height and width; images of another size are resized, grey ones repeated to
            three channels.
        plugins: Where formats of datasets are registered, see ``open_dataset``.

    Raises:
        DatasetError: The source is unknown or holds fewer than ``count`` images.
    """
    if count < 1 or size < 1:
        raise DatasetError(f"count and size must be at least 1, got {count} and {size}")
    if source == "photos":
        if size > min(photographs().shape[1:3]):
            raise DatasetError(f"crops of {size} pixels do not fit into the photographs")
        crops, labels = photo_crops(count, size, _generator(seed, source))
        return _batch(torch.from_numpy(crops), labels, photo_statistics(), source, PHOTO_CLASSES)
    if source == "noise":
        normal = _generator(seed, source).normal(NOISE_MEAN, NOISE_STD, (count, 3, size, size))
        pixels = torch.from_numpy(np.rint(255 * normal.clip(0, 1)).astype(np.uint8))
        noise = (NOISE_MEAN,) * 3, (NOISE_STD,) * 3
        return _batch(pixels, np.arange(count) % NOISE_CLASSES, noise, source, NOISE_CLASSES)
    dataset = open_dataset(source, plugins)
    labels = np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
    # Not by the source: where a file lies must not decide which of its images are drawn.
    generator = _generator(seed, dataset.name)
    picked = diverse_indices(labels, count, generator, dataset.name)
    pixels, statistics = _three_channels(dataset.pixels(picked), dataset.statistics)
    classes = max(1, dataset.num_classes)
    return _batch(pixels, labels[picked], statistics, dataset.name, classes, size)


def _generator(seed: int, name: str) -> np.random.Generator:
    return numpy_generator(seed, "images", name)


def diverse_indices(
    labels: NDArray[np.int64], count: int, generator: np.random.Generator, name: str
) -> NDArray[np.int64]:
    """Draw indices in rounds, each of which shows every class left once in random order.

    Raises:
        DatasetError: There are fewer than ``count`` examples.
    """
    if count > len(labels):
        raise DatasetError(f"{count} images are needed, dataset {name!r} holds {len(labels)}")
    shuffled = generator.permutation(len(labels))
    ordered = shuffled[np.argsort(labels[shuffled], kind="stable")]  # by class, random inside
    classes = labels[ordered]
    starts = np.searchsorted(classes, classes)  # first position of each example's class
    rounds = np.arange(len(labels)) - starts
    order = np.lexsort((generator.random(len(labels)), rounds))
    return ordered[order[:count]]


def _three_channels(pixels: Tensor, statistics: Statistics) -> tuple[Tensor, Statistics]:
    """Repeat grey images and their statistics to three channels; leave others alone."""
    if pixels.shape[1] != 1:
        return pixels, statistics
    return pixels.repeat(1, 3, 1, 1), (statistics[0] * 3, statistics[1] * 3)


def _batch(
    pixels: Tensor,
    labels: NDArray[np.int64],
    statistics: Statistics,
    source: str,
    num_classes: int,
    size: int | None = None,
) -> ImageBatch:
    """Assemble a batch of uint8 pixels, resized where a size is given."""
    scaled = pixels.float() / 255
    if size is not None and tuple(scaled.shape[2:]) != (size, size):
        resized = torch.nn.functional.interpolate(
            scaled, (size, size), mode="bilinear", antialias=True
        )
        scaled = resized.clamp(0, 1)
    targets = torch.from_numpy(np.array(labels, dtype=np.int64))
    digest = hashlib.sha256(scaled.contiguous().numpy().tobytes())
    digest.update(targets.numpy().tobytes())
    mean, std = statistics
    return ImageBatch(scaled, targets, mean, std, source, digest.hexdigest(), num_classes)
