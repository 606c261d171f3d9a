"""Forward passes that leave no trace in a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def unchanged_buffers(network: nn.Module) -> Iterator[None]:
    """Put the running averages of normalisations back to what they were before."""
    before = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, values in zip(network.buffers(), before, strict=True):
                buffer.copy_(values)
