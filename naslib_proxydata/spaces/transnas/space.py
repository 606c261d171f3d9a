"""What both spaces of TransNAS-Bench-101 share: how their networks are built and counted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.transnas.skeleton import BASE_CHANNELS, Shape, cell_shapes

if TYPE_CHECKING:
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk
    from naslib_proxydata.spaces.transnas.network import CellMaker

Architecture = TypeVar("Architecture")
_STEM: tuple[Shape, ...] = ((3, BASE_CHANNELS // 2, 3), (BASE_CHANNELS // 2, BASE_CHANNELS, 3))


class TransNasSpace(ConstructedSpace[Architecture]):
    """A space whose architectures are a skeleton and a cell, counted by formula."""

    published_size = 256
    single_image_size = 128  # 64 pixels shrink to one where a macro skeleton halves four times

    @abstractmethod
    def modules(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the skeleton's module codes."""

    @abstractmethod
    def scored_modules(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the module codes of the scored trunk."""

    @abstractmethod
    def cell_maker(self, architecture: Architecture) -> CellMaker:
        """Return the constructor of cells: (input channels, output channels, stride)."""

    @abstractmethod
    def convolutions(self, architecture: Architecture, shape: Shape) -> Iterator[Shape]:
        """Yield (input channels, output channels, kernel) of a cell's convolutions.

        Each is followed by a normalisation and yields the cell's output size.
        """

    def construct_network(
        self, architecture: Architecture, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, modules, global mean and classifier."""
        from naslib_proxydata.spaces.common.networks import Classifier
        from naslib_proxydata.spaces.transnas.network import TransNasTrunk

        trunk = TransNasTrunk(
            self.modules(architecture), self.cell_maker(architecture), in_channels
        )
        return Classifier(trunk, num_classes)

    def construct_trunk(self, architecture: Architecture, in_channels: int) -> Trunk:
        """Construct stem and scored modules; taps are the last three modules' outputs."""
        from naslib_proxydata.spaces.transnas.network import TransNasTrunk

        maker = self.cell_maker(self.canonical(architecture))
        return TransNasTrunk(self.scored_modules(architecture), maker, in_channels)

    def params(self, architecture: Architecture, *, num_classes: int = 10) -> int:
        """Count weights and normalisations of stem and all cells, and the classifier."""
        total = sum(i * o * k * k + 2 * o for i, o, k in _STEM)
        outputs = BASE_CHANNELS
        for shape in cell_shapes(self.modules(architecture)):
            outputs = shape[1]
            total += sum(
                i * o * k * k + 2 * o for i, o, k in self.convolutions(architecture, shape)
            )
        return total + (outputs + 1) * num_classes

    def macs(
        self, architecture: Architecture, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count multiply-accumulates of convolutions and classifier for one image."""
        size = image_size or self.image_size
        modules = self.modules(architecture)
        outputs = [BASE_CHANNELS, *(shape[1] for shape in cell_shapes(modules))][-1]
        return self._trunk_macs(architecture, modules, size) + outputs * num_classes

    def scored_macs(self, architecture: Architecture) -> int:
        """Count the scored trunk: its modules, with the canonical architecture's cells."""
        modules = self.scored_modules(architecture)
        return self._trunk_macs(self.canonical(architecture), modules, self.image_size)

    def _trunk_macs(self, architecture: Architecture, modules: tuple[int, ...], size: int) -> int:
        """Count stem and modules for images of a size in pixels."""
        total = 0
        for i, o, k in _STEM:
            size = -(-size // 2)
            total += i * o * k * k * size * size
        for shape in cell_shapes(modules):
            size = -(-size // shape[2])
            weights = sum(i * o * k * k for i, o, k in self.convolutions(architecture, shape))
            total += weights * size * size
        return total
