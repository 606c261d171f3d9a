"""The convolutions of AnyNet networks (arXiv 1905.13214), from which they are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from naslib_proxydata.spaces.nds.anynet_settings import BOTTLENECK, PLAIN, AnyNetSettings, Stage


class Convolution(NamedTuple):
    """A convolution, followed by a normalisation, and the size in pixels of what it yields."""

    inputs: int
    outputs: int
    kernel: int
    size: int
    groups: int = 1

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.inputs * self.outputs * self.kernel**2 // self.groups


def convolutions(net: AnyNetSettings, image_size: int) -> Iterator[Convolution]:
    """Yield every convolution of the published network for images of a size in pixels."""
    stem = list(_stem_convolutions(net.stages[0], image_size))
    yield from stem
    size = stem[-1].size if net.stages[0].stride != 4 else -(-stem[-1].size // 2)
    inputs = net.stages[0].width
    for stage in net.stages[1:]:
        for number in range(stage.depth):
            stride = 1 if number else stage.stride
            after = -(-size // stride)
            if net.block_type != PLAIN and (inputs != stage.width or stride != 1):
                yield Convolution(inputs, stage.width, 1, after)
            if net.block_type == BOTTLENECK:
                yield Convolution(inputs, stage.inner, 1, size)
                yield Convolution(stage.inner, stage.inner, 3, after, stage.groups)
                yield Convolution(stage.inner, stage.width, 1, after)
            else:
                yield Convolution(inputs, stage.width, 3, after)
                yield Convolution(stage.width, stage.width, 3, after)
            inputs, size = stage.width, after


def _stem_convolutions(stem: Stage, image_size: int) -> Iterator[Convolution]:
    half = -(-image_size // 2)
    if stem.stride == 1:
        yield Convolution(3, stem.width, 3, image_size)
    elif stem.stride == 4:
        yield Convolution(3, stem.width, 7, half)
    else:
        yield Convolution(3, stem.width // 2, 3, half)
        yield Convolution(stem.width // 2, stem.width, 3, -(-half // 2))
        yield Convolution(stem.width, stem.width, 3, -(-image_size // 8))
