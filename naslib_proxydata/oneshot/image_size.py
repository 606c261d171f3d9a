"""Whether a dataset's images are large enough for a supernet, asked before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.loader import Batch
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.buffers import unchanged_buffers
from naslib_proxydata.oneshot.moment import Moment

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.oneshot.learner import Learner

SMALL = 8
"""Supernets halve images up to three times; those of more pixels a side are not tried."""


def check_image_size(learner: Learner, dataset: Dataset) -> None:
    """Refuse images that are too small to be halved as often as the supernet does.

    Raises:
        ConfigError: A forward pass of two blank images fails.
    """
    settings = learner.settings
    channels, *size = dataset.pixels(np.array([0])).shape[1:]
    if min(size) // settings.image_reduction >= SMALL:
        return
    labels = torch.zeros(2, dtype=torch.int64)
    images = torch.zeros(2, channels, *size, device=settings.device)
    blank = Batch(images, labels.to(settings.device), labels)
    try:
        with torch.no_grad(), unchanged_buffers(learner.supernet):
            learner.loss(blank, learner.mixtures(Moment.of(settings, 1, "image size")))
    except (RuntimeError, ValueError) as error:
        height, width = size
        raise ConfigError(
            f"images of {height} x {width} pixels with image_reduction {settings.image_reduction} "
            f"are too small for this supernet ({error}); give larger images, or a lower "
            "--set training.image_reduction"
        ) from None
