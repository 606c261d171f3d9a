"""When in a search something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    import torch

    from naslib_proxydata.oneshot.settings import SearchSettings


@dataclass(frozen=True)
class Moment:
    """When in a search something happens.

    Attributes:
        epoch: The epoch, counting from 1.
        epochs: Number of epochs of the search.
        generator: A generator on the search's device, for what is drawn there in this epoch.
        skip_dropout: Share of a skip connection's values that are dropped in this epoch.
        host: A CPU generator for what decides which operations are run; the other one where
            the search itself is on the CPU.
        device: The search's device.
    """

    epoch: int
    epochs: int
    generator: torch.Generator
    skip_dropout: float = 0.0
    host: torch.Generator | None = None
    device: str = "cpu"

    @classmethod
    def of(
        cls, settings: SearchSettings, epoch: int, *parts: int | str, skip_dropout: float = 0.0
    ) -> Moment:
        """Return an epoch of a search, with generators seeded from the search's seed and parts.

        Args:
            settings: Seed, epochs and device.
            epoch: The epoch, counting from 1.
            parts: What is drawn for, such as ``"draws"`` and the epoch.
            skip_dropout: See the attribute.
        """
        seeds, device = (settings.seed, *parts), settings.device
        generator = torch_generator(*seeds, device=device)
        host = None if device == "cpu" else torch_generator(*seeds)
        return cls(epoch, settings.epochs, generator, skip_dropout, host, device)

    @property
    def decisions(self) -> torch.Generator:
        """The CPU generator for what the host must know, such as the operations that are run."""
        return self.generator if self.host is None else self.host

    @property
    def progress(self) -> float:
        """Share of the search that lies behind when the epoch begins: (epoch - 1) / epochs."""
        return (self.epoch - 1) / self.epochs
