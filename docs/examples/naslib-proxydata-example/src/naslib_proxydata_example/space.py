"""A search space: three layers one after the other, each halving the image before the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ArchitectureError, closest
from naslib_proxydata.spaces.common.constructed import ConstructedSpace

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

Chain = tuple[str, ...]
"""The operation of each layer."""

LAYERS = 3
CHANNELS = 8
KERNELS = {"conv-1x1": 1, "conv-3x3": 3}
OPERATIONS = ("skip", *KERNELS)


class TinyChain(ConstructedSpace[Chain]):
    """Chains of 27 kinds, written as the layers' operations joined by ``|``."""

    name = "tiny-chain"

    def parse(self, text: str) -> Chain:
        chain = tuple(text.split("|"))
        if len(chain) != LAYERS:
            raise ArchitectureError(
                f"expected {LAYERS} operations joined by '|', got {len(chain)}: {text[:80]!r}"
            )
        for name in chain:
            if name not in OPERATIONS:
                raise ArchitectureError(
                    f"unknown operation {name[:80]!r}{closest(name, OPERATIONS)}; expected one of "
                    f"{', '.join(OPERATIONS)}"
                )
        return chain

    def text(self, architecture: Chain) -> str:
        return "|".join(architecture)

    def sample(self, generator: np.random.Generator) -> Chain:
        places = generator.integers(len(OPERATIONS), size=LAYERS)
        return tuple(OPERATIONS[int(place)] for place in places)

    def neighbours(self, architecture: Chain) -> Sequence[Chain]:
        return [
            (*architecture[:place], other, *architecture[place + 1 :])
            for place in range(LAYERS)
            for other in OPERATIONS
            if other != architecture[place]
        ]

    def construct_network(
        self, architecture: Chain, num_classes: int, in_channels: int
    ) -> nn.Module:
        from naslib_proxydata.spaces.common.networks import Classifier

        return Classifier(self.construct_trunk(architecture, in_channels), num_classes)

    def construct_trunk(self, architecture: Chain, in_channels: int) -> Trunk:
        from torch import nn

        from naslib_proxydata.spaces.common.networks import SequentialTrunk, conv_norm_relu

        layers: list[nn.Module] = [conv_norm_relu(in_channels, CHANNELS, 3)]
        for place, name in enumerate(architecture):
            skipped = name == "skip"
            chosen = nn.Identity() if skipped else conv_norm_relu(CHANNELS, CHANNELS, KERNELS[name])
            layers += [chosen] if place == 0 else [nn.AvgPool2d(2), chosen]
        return SequentialTrunk(layers, taps=[1, 3, 5], channels=[CHANNELS] * 3)
