"""NAS-Bench-Macro (arXiv 2103.11922): a chain of eight layers in three stages, 6,561 in all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import LINK, Graph, GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.mobilenet.space import Convolution
from naslib_proxydata.spaces.nasbench_macro.layers import BLOCKS, LAST, STAGES, STEM, layers

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

Codes = tuple[int, ...]
"""What each layer is: 0 the identity, 1 and 2 a block of :data:`BLOCKS`."""

_FORM = re.compile(r"[012]{8}")


class NasBenchMacro(ConstructedSpace[Codes]):
    """Chains, written as the table does: a digit for each layer, such as ``01210212``.

    Two chains are one where they skip as many layers of a stage and apply the same blocks in the
    same order. The identity is a strided 1x1 convolution where the shape changes.
    """

    name = "nasbench-macro"

    def __init__(self) -> None:
        self.layers = layers()

    def parse(self, text: str) -> Codes:
        """Read eight digits of 0, 1 and 2.

        Raises:
            ArchitectureError: The text is something else.
        """
        if not _FORM.fullmatch(text):
            raise ArchitectureError(
                f"not a NAS-Bench-Macro chain: {shown(text)}; expected eight digits of 0 "
                "(identity), 1 (3x3, expansion 3) and 2 (5x5, expansion 6), such as 01210212"
            )
        return tuple(map(int, text))

    def text(self, architecture: Codes) -> str:
        """Return the digits."""
        return "".join(map(str, architecture))

    def canonical(self, architecture: Codes) -> Codes:
        """Return the chain whose skipped layers come last in their stage."""
        chain: list[int] = []
        for stage in stages(architecture):
            chain += [stage[0], *sorted(stage[1:], key=lambda code: code == 0)]
        return tuple(chain)

    def sample(self, generator: np.random.Generator) -> Codes:
        """Draw every layer uniformly."""
        return tuple(int(code) for code in generator.integers(3, size=len(self.layers)))

    def neighbours(self, architecture: Codes) -> Sequence[Codes]:
        """Return the chains that differ in one layer."""
        return [
            (*architecture[:place], code, *architecture[place + 1 :])
            for place in range(len(architecture))
            for code in range(3)
            if code != architecture[place]
        ]

    def graph_view(self, architecture: Codes) -> GraphView:
        """Return the canonical chain as a graph, and how often each stage has each block."""
        chain = self.canonical(architecture)
        names = (LINK, "mbconv_3x3_e3", "mbconv_5x5_e6")
        edges = tuple((place, place + 1, names[code]) for place, code in enumerate(chain))
        numbers = {
            f"stage {number}: {names[code]}": float(stage.count(code))
            for number, stage in enumerate(stages(chain))
            for code in BLOCKS
        }
        return GraphView(names[1:], {"chain": Graph(len(chain) + 1, edges)}, numbers)

    def parameters(self) -> Parameters[Codes]:
        """Return the code of each layer, such as ``layer_0``."""
        return Parameters(
            {f"layer_{place}": (0, *BLOCKS) for place in range(len(self.layers))},
            tuple,
            lambda chain: chain,
        )

    def construct_network(
        self, architecture: Codes, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, layers, 1x1 convolution, mean and classifier."""
        from naslib_proxydata.spaces.common.networks import Classifier
        from naslib_proxydata.spaces.nasbench_macro.network import MacroTrunk

        return Classifier(MacroTrunk(architecture, self.layers, in_channels), num_classes)

    def construct_trunk(self, architecture: Codes, in_channels: int) -> Trunk:
        """Construct the canonical chain without classifier."""
        from naslib_proxydata.spaces.nasbench_macro.network import MacroTrunk

        return MacroTrunk(self.canonical(architecture), self.layers, in_channels)

    def params(self, architecture: Codes, *, num_classes: int = 10) -> int:
        """Count weights, normalisations and the classifier, by formula."""
        convolutions = self.convolutions(architecture, self.image_size)
        total = sum(one.weights + 2 * one.outputs for one in convolutions)
        return total + (LAST + 1) * num_classes

    def macs(
        self, architecture: Codes, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the multiply-accumulates of the network for one image, by formula."""
        convolutions = self.convolutions(architecture, image_size or self.image_size)
        return sum(one.weights * one.area for one in convolutions) + LAST * num_classes

    def convolutions(self, architecture: Codes, image_size: int) -> Iterator[Convolution]:
        """Yield every convolution of the network for images of a size in pixels."""
        size = image_size
        yield Convolution(3 * 9 * STEM, STEM, size**2)
        for code, layer in zip(architecture, self.layers, strict=True):
            before, size = size, -(-size // layer.stride)
            if code:
                kernel, expansion = BLOCKS[code]
                inner = expansion * layer.inputs
                yield Convolution(layer.inputs * inner, inner, before**2)
                yield Convolution(kernel**2 * inner, inner, size**2)
                yield Convolution(inner * layer.outputs, layer.outputs, size**2)
            elif not layer.shortcut:
                yield Convolution(layer.inputs * layer.outputs, layer.outputs, size**2)
        yield Convolution(self.layers[-1].outputs * LAST, LAST, size**2)


def stages(chain: Codes) -> Iterator[Codes]:
    """Yield the layers of each stage."""
    start = 0
    for depth in STAGES:
        yield chain[start : start + depth]
        start += depth
