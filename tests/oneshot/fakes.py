"""A small labelled dataset whose classes differ in colour, and a learner for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.loader import Batch
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.supernets.base import Supernet
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet
from naslib_proxydata.plugins import Acting, Provider, load
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build

CLASSES = 4
SupernetMaker = Callable[[torch.Generator, int | None], Supernet]


def coloured(count: int = 64, size: int = 8, seed: int = 0) -> ArrayDataset:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    means = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200], [130, 130, 130]])
    noise = generator.normal(0, 30, (count, 3, size, size))
    images = (means[labels][:, :, None, None] + noise).clip(0, 255).astype(np.uint8)
    return ArrayDataset("coloured", images, labels)


def save_coloured(path: Path, count: int = 64, size: int = 8, seed: int = 0) -> Path:
    """Write such images as the ``.npz`` file that a user would name."""
    made = coloured(count, size, seed)
    assert made.labels is not None
    images = made.pixels(np.arange(count)).numpy().transpose(0, 2, 3, 1)
    np.savez(path, images=images, labels=made.labels)
    return path


def make_learner(
    strategy: Strategy, channels: int = 4, cells: int | None = None, **settings: Any
) -> Learner:
    chosen = {**strategy.settings, "epochs": 3, "batch_size": 16, **settings}
    return Learner(
        lambda generator, depth, partial=strategy.partial: build(
            lambda: NasBench201Supernet(channels, depth or 1, num_classes=CLASSES, partial=partial),
            generator,
        ),
        strategy,
        SearchSettings.parse(chosen, "a test"),
        cells=cells,
    )


def random_batch(count: int, seed: int, size: int = 8) -> Batch:
    generator = torch_generator(seed, "batch")
    return Batch(
        torch.randn(count, 3, size, size, generator=generator),
        torch.randint(CLASSES, (count,), generator=generator),
        torch.arange(count),
    )


def acting(*actors: object) -> Acting:
    """Return the actors of one search, called ``actor 0``, ``actor 1``, ..."""
    made = Acting()
    for number, actor in enumerate(actors):
        made.add(f"actor {number}", actor, Provider(f"actor {number}", "tests", "1.0"))
    return made


def supernet_maker(space: str, **sizes: int) -> SupernetMaker:
    """Return what builds the built-in supernet of a space."""
    return supernet_builder(load(), space, **sizes)  # type: ignore[arg-type]
