"""The skeleton of TransNAS-Bench-101's networks (arXiv 2105.11871, section 3.1).

A network is a stem that quarters height and width, 4 to 6 modules of two cells each, and a task's
head. A module's code says what its first cell does: 1 nothing, 2 doubles the channels, 3 halves
height and width, 4 both.
"""

from __future__ import annotations

from collections.abc import Iterator

BASE_CHANNELS = 64
CELLS_PER_MODULE = 2

Shape = tuple[int, int, int]
"""(input channels, output channels, stride) of a cell."""


def cell_shapes(modules: tuple[int, ...]) -> Iterator[Shape]:
    """Yield the shape of every cell of a skeleton."""
    channels = BASE_CHANNELS
    for code in modules:
        outputs = 2 * channels if code in (2, 4) else channels
        yield channels, outputs, 2 if code in (3, 4) else 1
        for _ in range(CELLS_PER_MODULE - 1):
            yield outputs, outputs, 1
        channels = outputs
