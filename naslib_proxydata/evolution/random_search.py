"""Random search: independent draws."""

from __future__ import annotations

from naslib_proxydata.evolution.base import Optimizer, Worth
from naslib_proxydata.spaces.base import Architecture


class RandomSearch(Optimizer[Architecture]):
    """Draws at random whatever the others are worth."""

    name = "random"

    def propose(self, worth: Worth) -> list[Architecture]:
        """Return a generation of random architectures."""
        return [self.domain.sample(self.generator) for _ in range(self.settings.generation)]
