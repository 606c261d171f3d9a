"""NASLib's NAS-Bench-101 graphs."""

from __future__ import annotations

import math
from typing import Any, Final

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.naslib_bridge.integers import integers
from naslib_proxydata.spaces.nb101.cell import OPERATIONS
from naslib_proxydata.spaces.nb101.space import NasBench101 as Space

NAMES: Final = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
"""NASLib's numbers of what a vertex is."""


class NasBench101(Conversion):
    """The adjacency matrix row by row, then what each vertex is: n * n + n integers."""

    name = "nasbench101"
    space = "nb101"

    def text(self, found: Any) -> str:
        """Return our text of NASLib's integers.

        Raises:
            ArchitectureError: They are something else, or the cell is not of the space.
        """
        numbers = integers(found, self.name)
        vertices = (math.isqrt(1 + 4 * len(numbers)) - 1) // 2
        names = numbers[vertices * vertices :]
        if not 0 < len(names) == vertices or not {*names} <= {*range(len(NAMES))}:
            raise ArchitectureError(
                f"{numbers!r} is not NASLib's form of a NAS-Bench-101 cell: expected an n x n "
                f"matrix row by row, then n numbers from 0 to {len(NAMES) - 1}"
            )
        matrix = [
            numbers[first : first + vertices] for first in range(0, vertices * vertices, vertices)
        ]
        space = Space()
        return space.text(space.from_matrix(matrix, [NAMES[number] for number in names]))

    def hash(self, text: str) -> tuple[int, ...]:
        """Return NASLib's integers of our text.

        Raises:
            ArchitectureError: The text is no cell of the space.
        """
        cell = Space().parse(text)
        inner = [NAMES.index(OPERATIONS[operation]) for operation in cell.ops]
        edges = [int(edge) for row in cell.rows for edge in row]
        return (*edges, NAMES.index("input"), *inner, NAMES.index("output"))
