"""Early signs of collapse: a cell that drifts towards operations without parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.oneshot.supernets.base import FREE_OPERATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.oneshot.mixture import Choices

Strengths = Mapping[str, "NDArray[np.float64]"]


def strongest(choices: Mapping[str, Choices], strengths: Strengths) -> list[str]:
    """Return the strongest operation of every edge of every kind of cell."""
    return [
        choices[kind].operations[row][column]
        for kind, values in strengths.items()
        for row, column in enumerate(values.argmax(1))
    ]


def free_share(choices: Mapping[str, Choices], strengths: Strengths) -> float:
    """Return the share of edges whose strongest operation has no parameters, 0 to 1."""
    return float(np.mean([name in FREE_OPERATIONS for name in strongest(choices, strengths)]))


def warning(choices: Mapping[str, Choices], strengths: Strengths) -> str:
    """Return what is wrong with the cell that the strengths stand for; empty if nothing is."""
    names = strongest(choices, strengths)
    if all(name in FREE_OPERATIONS for name in names):
        skips = sum(name == "skip_connect" for name in names)
        return (
            f"the cell has collapsed: none of its {len(names)} edges prefers an operation with "
            f"parameters ({skips} prefer skip_connect); a regulariser (beta-darts, robust-darts) "
            "or fewer epochs may help"
        )
    return ""
