"""NAS-Bench-101 cells as values: pruning, isomorphism, hash, channels, counts (no torch).

Facts from arXiv 1902.09635 and the algorithms its authors published with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations

from naslib_proxydata.errors import ArchitectureError, shown

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
KERNELS = (3, 1, 0)
"""Kernel size of each operation's convolution, 0 where it has none."""
MAX_VERTICES = 7
MAX_EDGES = 9
WIDTHS = (128, 256, 512)
"""Channels of the cells of each stack; the stem has as many as the first."""
CELLS_PER_STACK = 3

FORM = (
    "expected the upper triangle of the adjacency matrix row by row, a colon, and one digit per "
    "inner vertex (0 conv3x3, 1 conv1x1, 2 maxpool3x3), such as '111001:02' for 4 vertices"
)


@dataclass(frozen=True)
class Nb101Cell:
    """A cell: vertex 0 is the input, the last one the output.

    Attributes:
        rows: The adjacency matrix, ``rows[i][j]`` true for an edge from i to j; upper triangular.
        ops: Index into :data:`OPERATIONS` of each vertex between input and output.
    """

    rows: tuple[tuple[bool, ...], ...]
    ops: tuple[int, ...]

    @property
    def vertices(self) -> int:
        """Number of vertices, input and output among them."""
        return len(self.rows)

    def edges(self) -> int:
        """Return the number of edges."""
        return sum(map(sum, self.rows))


def parse_cell(text: str) -> Nb101Cell:
    """Read a cell, without asking whether it lies in the space.

    Raises:
        ArchitectureError: The text has another form.
    """
    bits, colon, digits = text.partition(":")
    vertices = len(digits) + 2
    well_formed = colon and set(bits) <= set("01") and set(digits) <= set("012")
    if not well_formed or len(bits) != vertices * (vertices - 1) // 2:
        raise ArchitectureError(f"not a NAS-Bench-101 cell: {shown(text)}; {FORM}")
    if vertices > MAX_VERTICES:
        raise ArchitectureError(
            f"NAS-Bench-101 cells have at most {MAX_VERTICES} vertices, got {vertices}: "
            f"{shown(text)}"
        )
    stream = iter(bits)
    rows = tuple(
        tuple(j > i and next(stream) == "1" for j in range(vertices)) for i in range(vertices)
    )
    return Nb101Cell(rows, tuple(map(int, digits)))


def cell_text(cell: Nb101Cell) -> str:
    """Return the text that :func:`parse_cell` reads."""
    bits = "".join("01"[edge] for i, row in enumerate(cell.rows) for edge in row[i + 1 :])
    return f"{bits}:{''.join(map(str, cell.ops))}"


def prune(cell: Nb101Cell) -> Nb101Cell | None:
    """Drop the vertices that are not on a path from input to output; None if there is no path."""
    last = cell.vertices - 1
    forward = {0}
    for v in range(1, last + 1):
        if any(cell.rows[u][v] for u in forward):
            forward.add(v)
    backward = {last}
    for u in range(last - 1, -1, -1):
        if any(cell.rows[u][v] for v in backward):
            backward.add(u)
    kept = sorted(forward & backward)
    if not {0, last} <= set(kept):
        return None
    return _reorder(cell, kept)


def _reorder(cell: Nb101Cell, order: list[int]) -> Nb101Cell:
    """Return the subgraph of the vertices in the given order."""
    rows = tuple(tuple(cell.rows[i][j] for j in order) for i in order)
    return Nb101Cell(rows, tuple(cell.ops[v - 1] for v in order[1:-1]))


def validate(cell: Nb101Cell) -> Nb101Cell:
    """Return the pruned cell.

    Raises:
        ArchitectureError: No path leads from input to output, or more than 9 edges are on one.
    """
    pruned = prune(cell)
    if pruned is None:
        raise ArchitectureError(f"no path from input to output in {cell_text(cell)!r}")
    if pruned.edges() > MAX_EDGES:
        raise ArchitectureError(
            f"NAS-Bench-101 cells have at most {MAX_EDGES} edges after pruning, got "
            f"{pruned.edges()} in {cell_text(cell)!r}"
        )
    return pruned


@lru_cache(maxsize=4096)
def canonical(cell: Nb101Cell) -> Nb101Cell:
    """Return the one representative of a valid cell's isomorphism class.

    Among all orders of the pruned cell's inner vertices that keep the matrix upper triangular,
    the one whose matrix and operations come first.
    """
    pruned = validate(cell)
    last = pruned.vertices - 1
    inner_edges = [(u, v) for u, v in combinations(range(1, last), 2) if pruned.rows[u][v]]
    best: Nb101Cell | None = None
    for inner in permutations(range(1, last)):
        if any(inner.index(u) > inner.index(v) for u, v in inner_edges):
            continue  # the matrix would not be upper triangular
        candidate = _reorder(pruned, [0, *inner, last])
        if best is None or _key(candidate) < _key(best):
            best = candidate
    assert best is not None
    return best


def _key(cell: Nb101Cell) -> tuple[tuple[tuple[bool, ...], ...], tuple[int, ...]]:
    return cell.rows, cell.ops


def graph_hash(cell: Nb101Cell) -> str:
    """Return the official hash of the pruned cell, equal for isomorphic cells.

    Each vertex starts with the MD5 of (out-degree, in-degree, label), labels being -1 for the
    input, -2 for the output and the operation's index between; as many times as there are
    vertices, it becomes the MD5 of the sorted hashes of its predecessors, of its successors, and
    its own. The cell's hash is the MD5 of the sorted list (the benchmark's ``hash_module``).
    """
    pruned = validate(cell)
    size = range(pruned.vertices)
    before = [[u for u in size if pruned.rows[u][v]] for v in size]
    after = [[w for w in size if pruned.rows[v][w]] for v in size]
    labels = (-1, *pruned.ops, -2)
    hashes = [_md5(str((len(after[v]), len(before[v]), labels[v]))) for v in size]
    for _ in size:
        hashes = [
            _md5(
                "".join(sorted(hashes[u] for u in before[v]))
                + "|"
                + "".join(sorted(hashes[w] for w in after[v]))
                + "|"
                + hashes[v]
            )
            for v in size
        ]
    return _md5(str(sorted(hashes)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def vertex_channels(pruned: Nb101Cell, in_channels: int, out_channels: int) -> list[int]:
    """Return the number of channels of every vertex of a pruned cell.

    The output's channels are divided among the vertices that feed it, the first ones taking one
    more where that leaves a remainder; every other vertex has as many as the widest one it
    feeds (arXiv 1902.09635, section 2).
    """
    last = pruned.vertices - 1
    channels = [in_channels] + [0] * (last - 1) + [out_channels]
    feeding = [v for v in range(1, last) if pruned.rows[v][last]]
    for rank, v in enumerate(feeding):
        channels[v] = out_channels // len(feeding) + (rank < out_channels % len(feeding))
    for v in range(last - 1, 0, -1):
        if not pruned.rows[v][last]:
            channels[v] = max(channels[w] for w in range(v + 1, last) if pruned.rows[v][w])
    return channels


def convolutions(
    pruned: Nb101Cell, in_channels: int, out_channels: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (input channels, output channels, kernel size) of every convolution of a cell."""
    channels = vertex_channels(pruned, in_channels, out_channels)
    for v in range(1, pruned.vertices):
        if pruned.rows[0][v]:
            yield in_channels, channels[v], 1
        if v < pruned.vertices - 1 and KERNELS[pruned.ops[v - 1]]:
            yield channels[v], channels[v], KERNELS[pruned.ops[v - 1]]


def count_params(cell: Nb101Cell, num_classes: int) -> int:
    """Count weights, normalisation scales and shifts, and the classifier of the whole network."""
    pruned = validate(cell)
    total = 3 * WIDTHS[0] * 9 + 2 * WIDTHS[0]
    for width_in, width_out, times in _cells():
        cell_total = sum(
            i * o * k * k + 2 * o for i, o, k in convolutions(pruned, width_in, width_out)
        )
        total += times * cell_total
    return total + (WIDTHS[-1] + 1) * num_classes


def count_macs(cell: Nb101Cell, num_classes: int, image_size: int) -> int:
    """Count the multiply-accumulates of the whole network for one image."""
    pruned = validate(cell)
    total = 3 * WIDTHS[0] * 9 * image_size * image_size
    for width_in, width_out, times in _cells():
        size = -(-image_size // (width_out // WIDTHS[0]))
        cell_total = sum(i * o * k * k for i, o, k in convolutions(pruned, width_in, width_out))
        total += times * cell_total * size * size
    return total + WIDTHS[-1] * num_classes


def _cells() -> Iterator[tuple[int, int, int]]:
    """Yield (input channels, output channels, how many) of the network's cells."""
    before = WIDTHS[0]
    for width in WIDTHS:
        yield before, width, 1
        yield width, width, CELLS_PER_STACK - 1
        before = width
