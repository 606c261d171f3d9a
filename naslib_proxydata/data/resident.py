"""A whole dataset on a device, where it fits: no batch is copied there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset

DeviceData = Literal["auto", "always", "never"]
LARGEST_SHARE = 0.25
"""Share of a device's free memory that images may take where nobody has said so."""


def resident_images(dataset: Dataset, device: str, wanted: DeviceData) -> Tensor | None:
    """Return the images of a dataset on a device, uint8, shape (n, channels, h, w).

    Args:
        dataset: Read once as a whole, examples that cannot be read with it.
        device: A torch device string.
        wanted: ``auto``: on a GPU of which the images take at most a quarter of the free memory.

    Returns:
        None where batches are to be copied one by one.
    """
    if wanted == "never" or (wanted == "auto" and not _fits(dataset, device)):
        return None
    images = list(dataset.read_through(np.arange(len(dataset))))
    return torch.cat([part.to(device) for part in images])


def _fits(dataset: Dataset, device: str) -> bool:
    if torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    one = dataset.pixels(np.array([0]))
    return len(dataset) * one.numel() * one.element_size() <= LARGEST_SHARE * free
