"""The MobileNet-like space (arXiv 1812.00332, section 4.1): a chain of 21 chosen layers.

Every layer is an inverted residual block whose kernel (3, 5, 7) and expansion (3, 6) are chosen;
layers that keep the shape may be skipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from naslib_proxydata.errors import ArchitectureError, closest, shown
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import LINK, Graph, GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.mobilenet.layers import (
    BLOCKS,
    DEPTH,
    OPERATIONS,
    SKIP,
    Widths,
    layers_of,
)

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

Chain = tuple[str, ...]
"""The operation of each layer."""


class Convolution(NamedTuple):
    """A convolution, followed by a normalisation.

    Attributes:
        weights: How many it has.
        outputs: Channels of its output.
        area: Pixels of its output.
    """

    weights: int
    outputs: int
    area: int


class MobileNet(ConstructedSpace[Chain]):
    """Chains, written as the layers' operations joined by ``|``.

    Two chains are one where they skip as many layers of a stage and apply the same blocks in the
    same order. Published networks take images of 224 pixels in 1,000 classes; in scored trunks
    the stem does not shrink the image.

    Args:
        widths: Channels; the paper's specialised networks have others than the default.
    """

    name = "mobilenet"
    published_size = 224
    published_classes = 1000

    def __init__(self, widths: Widths | None = None) -> None:
        self.widths = widths or Widths()
        self.layers = layers_of(self.widths)
        self.choices = [OPERATIONS if one.shortcut else tuple(BLOCKS) for one in self.layers]

    def parse(self, text: str) -> Chain:
        """Read ``mbconv_3x3_e6|skip_connect|...``, an operation for each of the 21 layers.

        Raises:
            ArchitectureError: There are fewer or more, or a layer cannot be what it is called.
        """
        chain = tuple(text.split("|"))
        if len(chain) != len(self.layers):
            raise ArchitectureError(
                f"expected {len(self.layers)} operations joined by '|', got {len(chain)}: "
                f"{text[:80]!r}"
            )
        for place, (name, choices) in enumerate(zip(chain, self.choices, strict=True)):
            if name not in choices:
                why = " (it changes the shape)" if name == SKIP else closest(name, choices)
                raise ArchitectureError(
                    f"layer {place} cannot be {shown(name)}{why}; expected one of "
                    f"{', '.join(choices)}"
                )
        return chain

    def text(self, architecture: Chain) -> str:
        """Return the operations joined by ``|``."""
        return "|".join(architecture)

    def canonical(self, architecture: Chain) -> Chain:
        """Return the chain whose skipped layers come last in their stage."""
        chain: list[str] = []
        for start in range(0, len(architecture), DEPTH):
            stage = architecture[start : start + DEPTH]
            chain += sorted(stage, key=lambda name: name == SKIP)
        return tuple(chain)

    def sample(self, generator: np.random.Generator) -> Chain:
        """Draw every layer uniformly from what it may be."""
        return tuple(choices[int(generator.integers(len(choices)))] for choices in self.choices)

    def neighbours(self, architecture: Chain) -> Sequence[Chain]:
        """Return the chains that differ in one layer."""
        return [
            (*architecture[:place], other, *architecture[place + 1 :])
            for place, choices in enumerate(self.choices)
            for other in choices
            if other != architecture[place]
        ]

    def graph_view(self, architecture: Chain) -> GraphView:
        """Return the canonical chain as a graph, and what each stage has in all."""
        chain = self.canonical(architecture)
        edges = [
            (place, place + 1, LINK if name == SKIP else name) for place, name in enumerate(chain)
        ]
        numbers = {}
        for stage, start in enumerate(range(0, len(chain), DEPTH)):
            blocks = [BLOCKS[one] for one in chain[start : start + DEPTH] if one != SKIP]
            numbers[f"stage {stage}: layers"] = float(len(blocks))
            numbers[f"stage {stage}: kernels"] = float(sum(kernel for kernel, _ in blocks))
            expansions = sum(expansion for _, expansion in blocks)
            numbers[f"stage {stage}: log expansions"] = math.log(expansions)
        graph = Graph(len(chain) + 1, tuple(edges))
        return GraphView(tuple(BLOCKS), {"chain": graph}, numbers)

    def parameters(self) -> Parameters[Chain]:
        """Return the operation of each layer, such as ``layer_0``."""
        return Parameters(
            {f"layer_{place}": tuple(choices) for place, choices in enumerate(self.choices)},
            tuple,
            lambda chain: chain,
        )

    def construct_network(
        self, architecture: Chain, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, layers, 1x1 convolution, mean and classifier."""
        from naslib_proxydata.spaces.common.networks import Classifier
        from naslib_proxydata.spaces.mobilenet.network import ChainTrunk

        trunk = ChainTrunk(architecture, self.layers, self.widths, in_channels, stem_stride=2)
        return Classifier(trunk, num_classes)

    def construct_trunk(self, architecture: Chain, in_channels: int) -> Trunk:
        """Construct the canonical chain behind a stem of stride 1."""
        from naslib_proxydata.spaces.mobilenet.network import ChainTrunk

        chain = self.canonical(architecture)
        return ChainTrunk(chain, self.layers, self.widths, in_channels, stem_stride=1)

    def params(self, architecture: Chain, *, num_classes: int = 10) -> int:
        """Count weights, normalisations and the classifier, by formula."""
        convolutions = self.convolutions(architecture, self.image_size)
        total = sum(one.weights + 2 * one.outputs for one in convolutions)
        return total + (self.widths.last + 1) * num_classes

    def macs(
        self, architecture: Chain, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the multiply-accumulates of the published network for one image, by formula."""
        convolutions = self.convolutions(architecture, image_size or self.image_size)
        total = sum(one.weights * one.area for one in convolutions)
        return total + self.widths.last * num_classes

    def convolutions(self, architecture: Chain, image_size: int) -> Iterator[Convolution]:
        """Yield every convolution of the published network for images of a size in pixels."""
        widths, size = self.widths, -(-image_size // 2)
        yield Convolution(3 * 9 * widths.stem, widths.stem, size**2)
        yield Convolution(9 * widths.stem, widths.stem, size**2)
        yield Convolution(widths.stem * widths.first, widths.first, size**2)
        for name, layer in zip(architecture, self.layers, strict=True):
            if name == SKIP:
                continue
            kernel, expansion = BLOCKS[name]
            inner = expansion * layer.inputs
            yield Convolution(layer.inputs * inner, inner, size**2)
            size = -(-size // layer.stride)
            yield Convolution(kernel**2 * inner, inner, size**2)
            yield Convolution(inner * layer.outputs, layer.outputs, size**2)
        yield Convolution(self.layers[-1].outputs * widths.last, widths.last, size**2)
