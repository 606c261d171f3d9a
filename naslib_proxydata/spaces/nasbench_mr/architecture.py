"""The architectures of NAS-Bench-MR (arXiv 2103.13253, section 3.1), without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STAGES = 4
SCORED_BRANCH = 2
"""The branch at whose size the scored trunk joins all others."""


@dataclass(frozen=True)
class MrStage:
    """Equal modules of as many branches as the stage's number, each at half the size before.

    Attributes:
        modules: How many there are.
        units: Residual units of each branch.
        channels: Channels of each branch.
    """

    modules: int
    units: tuple[int, ...]
    channels: tuple[int, ...]


@dataclass(frozen=True)
class MrNetwork:
    """A network: channels of the two stem layers, four stages, channels of the last layer."""

    stem: tuple[int, int]
    stages: tuple[MrStage, ...]
    last: int

    def modules(self) -> list[MrStage]:
        """Return one entry for each module, in order."""
        return [stage for stage in self.stages for _ in range(stage.modules)]

    def code(self) -> tuple[int, ...]:
        """Return the 27 integers of the paper's code."""
        stages = [(one.modules, *one.units, *one.channels) for one in self.stages]
        return (*self.stem, *(number for stage in stages for number in stage), self.last)


def fused_pairs(before: int, after: int) -> Iterator[tuple[int, int]]:
    """Yield (source branch, target branch) of a fusion from some branches to as many or more.

    A branch hears itself and its neighbours; branches that are new come last, each from the one
    before it in the same fusion.
    """
    for target in range(before):
        for source in range(max(0, target - 1), min(before, target + 2)):
            yield source, target
    for target in range(before, after):
        yield target - 1, target
