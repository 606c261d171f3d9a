"""Early signs of collapse: a cell that drifts towards operations without parameters, or to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from naslib_proxydata.oneshot.supernets.base import FREE_OPERATIONS, ChosenEdge

Cells = Mapping[str, Sequence[ChosenEdge]]


def free_share(cells: Cells) -> float:
    """Return the share of edges whose operation has no parameters, 0 to 1."""
    names = _operations(cells)
    return sum(name in FREE_OPERATIONS for name in names) / len(names)


def warning(cells: Cells) -> str:
    """Return what is wrong with a cell that has collapsed; empty for one that has not."""
    for kind, edges in cells.items():
        if cut_off(edges):
            return (
                f"{kind}: no edge that leaves an input carries anything, so the output is constant"
            )
    if free_share(cells) < 1:
        return ""
    names = _operations(cells)
    return (
        f"the cell has collapsed: none of its {len(names)} edges has an operation with parameters "
        f"({names.count('skip_connect')} are skip_connect); a regulariser (beta-darts, "
        "robust-darts) or fewer epochs may help"
    )


def cut_off(edges: Sequence[ChosenEdge]) -> bool:
    """Tell whether all edges that leave the inputs, the nodes nothing leads to, carry ``none``."""
    targets = {edge.target for edge in edges}
    return all(edge.operation == "none" for edge in edges if edge.source not in targets)


def _operations(cells: Cells) -> list[str]:
    return [edge.operation for cell in cells.values() for edge in cell]
