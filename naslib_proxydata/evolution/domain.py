"""What a search may propose: a space, or the part of it that limits and tables leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic

from naslib_proxydata.errors import SearchError
from naslib_proxydata.spaces.base import Architecture, SearchSpace

if TYPE_CHECKING:
    import numpy as np

MOST_DRAWS = 10_000
"""Random architectures in a row that may lie outside before a search is refused."""
MOST_EDITS = 3
"""Edits after which a mutation that finds nothing allowed becomes a random draw."""


class Domain(Generic[Architecture]):
    """The architectures of a space that a search may propose.

    Args:
        space: The space.
        allows: Whether an architecture may be proposed; by default every one may.
        listed: Texts that random draws choose from; by default draws are the space's own.
        macs: Multiply-accumulates of an architecture; by default the space's own count.
        condition: What ``allows`` asks for, for messages.
    """

    def __init__(
        self,
        space: SearchSpace[Architecture],
        *,
        allows: Callable[[Architecture], bool] | None = None,
        listed: Sequence[str] | None = None,
        macs: Callable[[Architecture], int] | None = None,
        condition: str = "",
    ) -> None:
        self.space = space
        self._allows = allows
        self.listed = listed
        self.condition = condition
        self._count = macs or space.macs
        self._macs: dict[Architecture, int] = {}
        self._keys: dict[Architecture, str] = {}
        self._allowed: dict[Architecture, bool] = {}

    def key(self, architecture: Architecture) -> str:
        """Return the hash that architectures of one function share."""
        if architecture not in self._keys:
            self._keys[architecture] = self.space.hash(architecture)
        return self._keys[architecture]

    def macs(self, architecture: Architecture) -> int:
        """Return the multiply-accumulates of the published network for one image."""
        if architecture not in self._macs:
            self._macs[architecture] = self._count(architecture)
        return self._macs[architecture]

    def allows(self, architecture: Architecture) -> bool:
        """Return whether an architecture may be proposed."""
        if self._allows is None:
            return True
        if architecture not in self._allowed:
            self._allowed[architecture] = self._allows(architecture)
        return self._allowed[architecture]

    def sample(self, generator: np.random.Generator) -> Architecture:
        """Draw an allowed architecture at random.

        Raises:
            SearchError: None of :data:`MOST_DRAWS` draws is allowed.
        """
        for _ in range(MOST_DRAWS):
            drawn = self._draw(generator)
            if self.allows(drawn):
                return drawn
        raise SearchError(
            f"none of {MOST_DRAWS:,} random architectures of {self.space.name!r} has "
            f"{self.condition}; the last one, {self.space.text(drawn)}, has "
            f"{self.macs(drawn):,} MACs"
        )

    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """Return an allowed architecture nearby: one edit away, or as few more as it takes.

        Among the allowed neighbours each is equally likely. Where there is none, the search for
        one goes on from a random neighbour.
        """
        if self._allows is None:
            return self.space.mutate(architecture, generator)
        here = architecture
        for _ in range(MOST_EDITS):
            neighbours = self.space.neighbours(here)
            if not neighbours:
                break
            mixed = [neighbours[int(place)] for place in generator.permutation(len(neighbours))]
            for neighbour in mixed:
                if neighbour != architecture and self.allows(neighbour):
                    return neighbour
            here = mixed[0]
        return self.sample(generator)

    def _draw(self, generator: np.random.Generator) -> Architecture:
        if self.listed is None:
            return self.space.sample(generator)
        return self.space.parse(self.listed[int(generator.integers(len(self.listed)))])
