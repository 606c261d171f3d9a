"""The cell spaces of NDS (arXiv 1905.13214): genotypes together with a width and a depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.darts.space import DARTS_OPERATIONS, FEWEST_CELLS
from naslib_proxydata.spaces.genotypes.genotype import Genotype, from_fields
from naslib_proxydata.spaces.genotypes.space import CellSpace
from naslib_proxydata.spaces.nds.record import (
    LARGEST_DEPTH,
    LARGEST_WIDTH,
    read_record,
    write_record,
)

if TYPE_CHECKING:
    import numpy as np


class Family(NamedTuple):
    """What a family's cells are made of (arXiv 1905.13214, table 2).

    Attributes:
        operations: What an edge may be.
        nodes: Nodes besides the two inputs.
        loose_ends: Whether only nodes that no other node reads are concatenated.
    """

    operations: tuple[str, ...]
    nodes: int
    loose_ends: bool


FAMILIES: Final[Mapping[str, Family]] = {
    "darts": Family(DARTS_OPERATIONS, 4, False),
    "amoeba": Family(
        (
            "skip_connect",
            "sep_conv_3x3",
            "sep_conv_5x5",
            "sep_conv_7x7",
            "avg_pool_3x3",
            "max_pool_3x3",
            "dil_sep_conv_3x3",
            "conv_7x1_1x7",
        ),
        5,
        True,
    ),
    "enas": Family(
        ("skip_connect", "sep_conv_3x3", "sep_conv_5x5", "avg_pool_3x3", "max_pool_3x3"), 5, True
    ),
    "nasnet": Family(
        (
            "skip_connect",
            "conv_3x1_1x3",
            "conv_7x1_1x7",
            "dil_conv_3x3",
            "avg_pool_3x3",
            "max_pool_3x3",
            "max_pool_5x5",
            "max_pool_7x7",
            "conv_1x1",
            "conv_3x3",
            "sep_conv_3x3",
            "sep_conv_5x5",
            "sep_conv_7x7",
        ),
        5,
        True,
    ),
    "pnas": Family(
        (
            "sep_conv_3x3",
            "sep_conv_5x5",
            "sep_conv_7x7",
            "conv_7x1_1x7",
            "skip_connect",
            "avg_pool_3x3",
            "max_pool_3x3",
            "dil_conv_3x3",
        ),
        5,
        False,
    ),
}
CIFAR_WIDTHS, CIFAR_DEPTHS = (16, 24, 32, 40, 48), (4, 8, 12, 16, 20)
IMAGENET_WIDTHS, IMAGENET_DEPTHS = (32, 48, 64, 80, 96), (6, 10, 14, 18, 22)


@dataclass(frozen=True)
class CellSettings:
    """A network: its cells and how many of them, how wide.

    Attributes:
        genotype: The cells.
        width: Channels of the first cells' nodes.
        depth: Number of cells.
        auxiliary: Whether a second classifier was trained along.
    """

    genotype: Genotype
    width: int
    depth: int
    auxiliary: bool = False


class NdsCells(CellSpace[CellSettings]):
    """One family on CIFAR-10 or ImageNet; a text is a record's ``net`` as compact JSON.

    The ``fix-w-d`` tables are of the same space, at one width and depth. Scored trunks have
    CIFAR's stem in either case.

    Args:
        family: One of :data:`FAMILIES`.
        imagenet: Whether networks are those of the ``_in`` files.
    """

    def __init__(self, family: str, imagenet: bool) -> None:
        self.name = f"nds-{family}-in" if imagenet else f"nds-{family}"
        self.operations, self.nodes, self.loose_ends = FAMILIES[family]
        self.imagenet = imagenet
        self.widths = IMAGENET_WIDTHS if imagenet else CIFAR_WIDTHS
        self.depths = IMAGENET_DEPTHS if imagenet else CIFAR_DEPTHS
        if imagenet:
            self.published_size, self.published_classes = 224, 1000

    def parse(self, text: str) -> CellSettings:
        """Read a network's JSON.

        Raises:
            ArchitectureError: It is not JSON, or not a network of this family.
        """
        return self.from_record(read_record(text, self.name, "genotype, width and depth"))

    def from_record(self, settings: Any) -> CellSettings:
        """Read the ``net`` of a record; ``drop_prob``, a setting of training, is left out.

        Raises:
            ArchitectureError: It is not a network of this family.
        """
        expected = {"genotype", "width", "depth"}
        if not isinstance(settings, dict) or not expected <= set(settings):
            raise ArchitectureError(f"{self.name}: expected the keys {sorted(expected)}")
        unknown = set(settings) - expected - {"aux", "drop_prob"}
        if unknown:
            raise ArchitectureError(f"{self.name}: unknown keys {shown(sorted(unknown))}")
        width, depth = settings["width"], settings["depth"]
        if type(width) is not int or not 2 <= width <= LARGEST_WIDTH or width % 2:
            raise ArchitectureError(
                f"{self.name}: width must be even and positive, at most {LARGEST_WIDTH:,}, got "
                f"{shown(width)}"
            )
        if type(depth) is not int or not FEWEST_CELLS <= depth <= LARGEST_DEPTH:
            raise ArchitectureError(
                f"{self.name}: depth must be {FEWEST_CELLS} or more, at most {LARGEST_DEPTH:,}, "
                f"got {shown(depth)}"
            )
        auxiliary = settings.get("aux", False)
        if type(auxiliary) is not bool:
            raise ArchitectureError(
                f"{self.name}: aux must be true or false, got {shown(auxiliary)}"
            )
        try:
            genotype = from_fields(settings["genotype"], self.operations, self.nodes)
        except ArchitectureError as error:
            raise ArchitectureError(f"{self.name}: genotype: {error}") from None
        return CellSettings(genotype, width, depth, auxiliary)

    def text(self, architecture: CellSettings) -> str:
        """Return the network's JSON."""
        return write_record(
            {
                "aux": architecture.auxiliary,
                "depth": architecture.depth,
                "genotype": architecture.genotype.fields(),
                "width": architecture.width,
            }
        )

    def canonical(self, architecture: CellSettings) -> CellSettings:
        """Return the network of the genotype's canonical form, without auxiliary head."""
        return replace(architecture, genotype=architecture.genotype.canonical(), auxiliary=False)

    def sample(self, generator: np.random.Generator) -> CellSettings:
        """Draw the genotype's edges, the width and the depth uniformly."""
        genotype = Genotype(self.sample_cell(generator), self.sample_cell(generator))
        width = self.widths[int(generator.integers(len(self.widths)))]
        depth = self.depths[int(generator.integers(len(self.depths)))]
        return CellSettings(genotype, width, depth)

    def neighbours(self, architecture: CellSettings) -> Sequence[CellSettings]:
        """Return the networks that differ in one edge, in the width, or in the depth."""
        return [
            *(
                replace(architecture, genotype=genotype)
                for genotype in self.genotype_neighbours(architecture.genotype)
            ),
            *(replace(architecture, width=w) for w in self.widths if w != architecture.width),
            *(replace(architecture, depth=d) for d in self.depths if d != architecture.depth),
        ]

    def parts(self, architecture: CellSettings) -> tuple[Genotype, int, int, bool]:
        """Return genotype, width, depth and whether there is an auxiliary head."""
        one = architecture
        return one.genotype, one.width, one.depth, one.auxiliary

    def published_flops(self, architecture: CellSettings) -> int:
        """Return what the released files call ``flops``; see :mod:`published_flops`."""
        return self.counts(architecture, self.published_classes, self.published_size).flops
