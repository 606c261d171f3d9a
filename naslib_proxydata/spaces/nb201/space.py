"""NAS-Bench-201 (arXiv 2001.00326): cells of 4 nodes and 6 edges with 5 operations each."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.spaces.base import SearchSpace, Subset
from naslib_proxydata.spaces.common.graph import Graph, GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.nb201 import canonical as nb201_canonical
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, OPERATIONS, Cell

if TYPE_CHECKING:
    import numpy as np
    import torch

    from naslib_proxydata.spaces.common.stacked import Builder
    from naslib_proxydata.spaces.nb201.network import NasBench201Network
    from naslib_proxydata.spaces.nb201.stacked import StackedTrunk
    from naslib_proxydata.spaces.nb201.trunk import FastTrunk


class NasBench201(SearchSpace[Cell]):
    """The 15,625 cells and the network that the benchmark trains around each.

    Args:
        channels: Channels of the stem and the first stage (C of the paper).
        cells_per_stage: Cells in each of the three stages (N of the paper).
    """

    name = "nb201"
    cell_type: type[Cell] = Cell

    def __init__(self, channels: int = 16, cells_per_stage: int = 5) -> None:
        self.channels = channels
        self.cells_per_stage = cells_per_stage

    def parse(self, text: str) -> Cell:
        """Read the official text; see :func:`nb201_cell.parse`."""
        return nb201_cell.parse_as(self.cell_type, text)

    def text(self, architecture: Cell) -> str:
        """Return the official text."""
        return nb201_cell.text(architecture)

    def canonical(self, architecture: Cell) -> Cell:
        """Return the simplest cell that computes the same; see :mod:`nb201_canonical`."""
        return nb201_canonical.canonical(architecture)

    def hash(self, architecture: Cell) -> str:
        """Return 16 hexadecimal digits, the same for all cells of one canonical form."""
        text = self.text(self.canonical(architecture))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def carries_signal(self, architecture: Cell) -> bool:
        """Return whether a path of edges other than ``none`` leads from input to output."""
        return bool(nb201_canonical.live_edges(architecture))

    def subsets(self) -> Mapping[str, Subset[Cell]]:
        """Return the subset ``clean``: the cells of which every operation but ``none`` counts.

        These are the 9,445 cells without an edge that lies on no path from input to output
        ("unreachable operations", arXiv 2404.16551, appendix C.2, which leaves out all others);
        the cell of six ``none`` is among them.
        """
        return {"clean": Subset("cells without dead edges, arXiv 2404.16551", _is_clean)}

    def sample(self, generator: np.random.Generator) -> Cell:
        """Draw each edge's operation uniformly."""
        codes = generator.integers(len(OPERATIONS), size=len(self.cell_type.every_edge))
        return self.cell_type(tuple(OPERATIONS[code] for code in codes))

    def mutate(self, architecture: Cell, generator: np.random.Generator) -> Cell:
        """Return one of the neighbours, drawn uniformly."""
        neighbours = self.neighbours(architecture)
        return neighbours[int(generator.integers(len(neighbours)))]

    def neighbours(self, architecture: Cell) -> Sequence[Cell]:
        """Return the cells that differ in the operation of one edge, four an edge."""
        old = architecture.operations
        return [
            self.cell_type((*old[:edge], operation, *old[edge + 1 :]))
            for edge in range(len(old))
            for operation in OPERATIONS
            if operation != old[edge]
        ]

    def resized(
        self, *, channels: int | None = None, cells: int | None = None, auxiliary: bool = False
    ) -> Self:
        """Return the space with other widths; the network has no second classifier."""
        resized = copy.copy(self)
        if channels is not None:
            resized.channels = channels
        if cells is not None:
            resized.cells_per_stage = cells
        super().resized(auxiliary=auxiliary)
        return resized

    def network(
        self,
        architecture: Cell,
        generator: torch.Generator,
        *,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> NasBench201Network:
        """Build the published network of the cell as written, dead edges included."""
        from naslib_proxydata.spaces.common.build import build
        from naslib_proxydata.spaces.nb201.network import NasBench201Network

        return build(
            lambda: NasBench201Network(
                architecture, self.channels, self.cells_per_stage, num_classes, in_channels
            ),
            generator,
        )

    def trunk(
        self,
        architecture: Cell,
        generator: torch.Generator,
        *,
        in_channels: int = 3,
        affine: bool = False,
    ) -> FastTrunk:
        """Build the trunk that Eproxy trains; dead edges are not built.

        Args:
            architecture: The cell.
            generator: Source of the initial weights.
            in_channels: Number of channels of the images.
            affine: Whether the normalisations inside the cells have a scale and a shift.
                Eproxy's released program has none there (arXiv 2210.09459).
        """
        from naslib_proxydata.spaces.common.build import build
        from naslib_proxydata.spaces.nb201.trunk import FastTrunk

        live = architecture.keep(nb201_canonical.live_edges(architecture))
        return build(
            lambda: FastTrunk(live, self.channels, self.cells_per_stage, in_channels, affine),
            generator,
        )

    def stacked_trunk(
        self, architectures: Sequence[Cell], builder: Builder, *, in_channels: int = 3
    ) -> StackedTrunk:
        """Build the trunks of many cells as one, without affine normalisations inside the cells."""
        from naslib_proxydata.spaces.nb201.stacked import StackedTrunk

        live = [cell.keep(nb201_canonical.live_edges(cell)) for cell in architectures]
        return StackedTrunk(live, self.channels, self.cells_per_stage, in_channels, builder)

    def params(self, architecture: Cell, *, num_classes: int = 10) -> int:
        """Return the parameters of the published network for colour images.

        A convolution of kernel k from a to b channels has k^2 a b weights and b scales and b
        shifts of its normalisation; every edge counts, dead ones too.
        """
        first, second, last = self._widths()
        total = _conv_norm(3, 3, first)
        for width in (first, second):
            total += _conv_norm(3, width, 2 * width) + _conv_norm(3, 2 * width, 2 * width)
            total += width * 2 * width
        for width in self._widths():
            weights = sum(_conv_norm(kernel, width, width) for kernel in _kernels(architecture))
            total += self.cells_per_stage * weights
        return total + 2 * last + (last + 1) * num_classes

    def macs(
        self, architecture: Cell, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Return the multiply-accumulates of the published network for one colour image.

        As the benchmark counts them: k^2 a b h w of every convolution (dead edges too) and
        (inputs + 1) outputs of the classifier; normalisation, ReLU, pooling and sums are free.

        Raises:
            ConfigError: The image size is not a multiple of 4, which the network needs.
        """
        size = self.image_size if image_size is None else image_size
        if size < 4 or size % 4:
            raise ConfigError(f"image_size must be a positive multiple of 4 pixels, got {size}")
        first, _, last = self._widths()
        total = 9 * 3 * first * size**2
        for stage, width in enumerate(self._widths()):
            weights = sum(kernel**2 * width**2 for kernel in _kernels(architecture))
            total += self.cells_per_stage * weights * (size >> stage) ** 2
            if width != last:
                block = (9 + 1) * width * 2 * width + 9 * (2 * width) ** 2
                total += block * (size >> stage + 1) ** 2
        return total + (last + 1) * num_classes

    def trainable_layers(self, architecture: Cell) -> int:
        """Return the convolutions of stem, two reductions and all cells, and the classifier."""
        in_cells = 3 * self.cells_per_stage * len(_kernels(architecture))
        return 1 + 2 * 3 + in_cells + 1

    def scored_macs(self, architecture: Cell) -> int:
        """Count the published network without dead edges and classifier: the scored trunk."""
        live = architecture.keep(nb201_canonical.live_edges(architecture))
        return self.macs(live, num_classes=0)

    def graph_view(self, architecture: Cell) -> GraphView:
        """Return the cell; an edge with the operation ``none`` is no edge."""
        return GraphView(
            OPERATIONS[1:], {"cell": Graph(architecture.nodes, tuple(architecture.edges()))}
        )

    def parameters(self) -> Parameters[Cell]:
        """Return the operation of each edge, such as ``edge_0_1``."""
        return Parameters(
            {f"edge_{source}_{target}": OPERATIONS for source, target in self.cell_type.every_edge},
            lambda operations: self.cell_type(tuple(operations)),
            lambda cell: cell.operations,
        )

    def _widths(self) -> tuple[int, int, int]:
        return self.channels, 2 * self.channels, 4 * self.channels


def _is_clean(cell: Cell) -> bool:
    """Return whether every edge of the cell lies on a path from input to output."""
    return len(nb201_canonical.live_edges(cell)) == len(list(cell.edges()))


def _kernels(cell: Cell) -> list[int]:
    """Return the kernel size of each convolution of the cell."""
    sizes = {CONV_1X1: 1, CONV_3X3: 3}
    return [sizes[operation] for _, _, operation in cell.edges() if operation in sizes]


def _conv_norm(kernel: int, inputs: int, outputs: int) -> int:
    """Return the parameters of a convolution without bias and its normalisation."""
    return kernel**2 * inputs * outputs + 2 * outputs
