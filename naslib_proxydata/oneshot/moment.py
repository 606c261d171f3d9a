"""When in a search something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Moment:
    """When in a search something happens.

    Attributes:
        epoch: The epoch, counting from 1.
        epochs: Number of epochs of the search.
        generator: A CPU generator for what is drawn in this epoch.
        skip_dropout: Share of a skip connection's values that are dropped in this epoch.
    """

    epoch: int
    epochs: int
    generator: torch.Generator
    skip_dropout: float = 0.0

    @property
    def progress(self) -> float:
        """Share of the search that lies behind when the epoch begins: (epoch - 1) / epochs."""
        return (self.epoch - 1) / self.epochs
