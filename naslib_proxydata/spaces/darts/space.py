"""The DARTS space (arXiv 1806.09055): two cells of four nodes, eight operations, one network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.spaces.common.parameters import Choice, Parameters
from naslib_proxydata.spaces.genotypes.genotype import Genotype, genotype_text, parse_text
from naslib_proxydata.spaces.genotypes.space import CellSpace

if TYPE_CHECKING:
    import numpy as np

FEWEST_CELLS = 3
"""Below, the two reductions would fall together."""
DARTS_OPERATIONS = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)


class Darts(CellSpace[Genotype]):
    """Genotypes as DARTS writes them.

    Two genotypes are one where only the order of a node's two edges differs, or edges that carry
    nothing ("none", and whatever starts at a node that is always zero).

    Args:
        width: Channels of the first cells' nodes; 36 in the paper's CIFAR-10 networks.
        depth: Number of cells; 20 in the paper.
    """

    name = "darts"
    operations: Sequence[str] = DARTS_OPERATIONS
    nodes = 4

    def __init__(self, width: int = 36, depth: int = 20) -> None:
        self.width = width
        self.depth = depth

    def parse(self, text: str) -> Genotype:
        """Read ``Genotype(normal=[...], normal_concat=[...], reduce=..., reduce_concat=...)``.

        Raises:
            ArchitectureError: The text has another form, or an edge is not of this space.
        """
        return parse_text(text, self.operations, self.nodes)

    def text(self, architecture: Genotype) -> str:
        """Return the genotype's usual text."""
        return genotype_text(architecture)

    def canonical(self, architecture: Genotype) -> Genotype:
        """Return the genotype with both cells in canonical form."""
        return architecture.canonical()

    def sample(self, generator: np.random.Generator) -> Genotype:
        """Draw operation and source of every edge uniformly."""
        return Genotype(self.sample_cell(generator), self.sample_cell(generator))

    def neighbours(self, architecture: Genotype) -> Sequence[Genotype]:
        """Return the genotypes that differ in one edge's operation or source."""
        return list(self.genotype_neighbours(architecture))

    def parameters(self) -> Parameters[Genotype]:
        """Return the operations and sources of every node's two edges.

        Such as ``normal_2_operation_0`` and ``reduce_5_source_1``. Of a restricted space not every
        combination is one of its cells.
        """
        choices: dict[str, tuple[Choice, ...]] = {}
        for cell in ("normal", "reduce"):
            for node, edge in product(range(2, 2 + self.nodes), range(2)):
                choices[f"{cell}_{node}_operation_{edge}"] = tuple(self.operations)
                choices[f"{cell}_{node}_source_{edge}"] = tuple(range(node))

        def read(values: Sequence[Any]) -> Genotype:
            edges = list(zip(values[::2], values[1::2], strict=True))
            half = len(edges) // 2
            cells = (self._with_concat(edges[:half]), self._with_concat(edges[half:]))
            return self.parse(self.text(Genotype(*cells)))

        def write(genotype: Genotype) -> list[Choice]:
            return [
                part for edge in (*genotype.normal.edges, *genotype.reduce.edges) for part in edge
            ]

        return Parameters(choices, read, write)

    def resized(
        self, *, channels: int | None = None, cells: int | None = None, auxiliary: bool = False
    ) -> Self:
        """Return the space with networks of another width and depth.

        Raises:
            ConfigError: The two reductions would fall together, or the width is odd.
        """
        if cells is not None and cells < FEWEST_CELLS:
            raise ConfigError(
                f"cells: a network of space {self.name!r} has at least {FEWEST_CELLS}, got {cells}"
            )
        if channels is not None and (channels < 2 or channels % 2):
            raise ConfigError(
                f"channels: space {self.name!r} needs an even number, got {channels}; a skip "
                "connection that halves the image is made of two halves"
            )
        resized = super().resized(auxiliary=auxiliary)
        resized.width = self.width if channels is None else channels
        resized.depth = self.depth if cells is None else cells
        return resized

    def parts(self, architecture: Genotype) -> tuple[Genotype, int, int, bool]:
        """Return the genotype with this space's width and depth."""
        return architecture, self.width, self.depth, False


class DartsImageNet(Darts):
    """DARTS's genotypes in the ImageNet network of the paper: 14 cells, 48 channels, another stem.

    The trunk that predictors train has CIFAR's stem, as for the ImageNet networks of NDS. At
    224 pixels and 1,000 classes the paper's own cell has 530 million multiply-accumulates by this
    count, of convolutions and classifier; the paper prints 574 million.
    """

    name = "darts-imagenet"
    imagenet = True

    def __init__(self, width: int = 48, depth: int = 14) -> None:
        super().__init__(width, depth)
