"""The ten-edge cell of "Less is More" (Moser et al., CVPR workshops 2022, figure 5).

Five nodes, an edge between each two, NAS-Bench-201's operations and network. The 9,765,625
cells are in no benchmark table: the paper trains what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import permutations

from naslib_proxydata.spaces.base import Subset
from naslib_proxydata.spaces.nb201.canonical import live_edges
from naslib_proxydata.spaces.nb201.cell import NONE, OPERATIONS, Cell, FiveNodeCell
from naslib_proxydata.spaces.nb201.space import NasBench201


class NasBench201FiveNodes(NasBench201):
    """The cells of five nodes, in NAS-Bench-201's network."""

    name = "nb201-five-nodes"
    cell_type = FiveNodeCell
    stacked_trunk = NasBench201.stacked_trunk

    def canonical(self, architecture: Cell) -> Cell:
        """Return the cell without dead edges, its inner nodes in a fixed order.

        Cells that become equal compute the same. Unlike in ``nb201`` not all that do become
        equal: skip connections are not followed, since 9,765,625 cells cannot be listed.
        """
        return _simplest(architecture)

    def subsets(self) -> Mapping[str, Subset[Cell]]:
        """Return none: no subset of these cells is published."""
        return {}


@lru_cache(maxsize=4096)
def _simplest(cell: Cell) -> Cell:
    """Return the live cell with the smallest codes, over all orders of its inner nodes."""
    live = {(a, b): op for a, b, op in cell.keep(live_edges(cell)).edges()}
    last = cell.nodes - 1
    renamed = []
    for order in permutations(range(1, last)):
        place = dict(zip((0, *order, last), range(cell.nodes), strict=True))
        moved = {(place[a], place[b]): op for (a, b), op in live.items()}
        if all(source < target for source, target in moved):
            renamed.append(tuple(moved.get(edge, NONE) for edge in cell.every_edge))
    return type(cell)(min(renamed, key=lambda ops: [OPERATIONS.index(op) for op in ops]))
