"""The convolutions of NAS-Bench-MR's networks, from which they are counted by formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from naslib_proxydata.spaces.nasbench_mr.architecture import (
    SCORED_BRANCH,
    STAGES,
    MrNetwork,
    fused_pairs,
)


class Convolution(NamedTuple):
    """A convolution, followed by a normalisation, and the size in pixels of what it yields."""

    inputs: int
    outputs: int
    kernel: int
    size: int


def convolutions(net: MrNetwork, image_size: int, stem_stride: int = 2) -> Iterator[Convolution]:
    """Yield every convolution of a network for images of a size in pixels.

    Args:
        net: The network.
        image_size: Height and width in pixels.
        stem_stride: Stride of both stem layers, 2 in published networks; with 1, as in scored
            trunks, the last layer reads the branches at the third one's size.
    """
    size = -(-image_size // stem_stride)
    yield Convolution(3, net.stem[0], 3, size)
    sizes = [-(-size // stem_stride)]
    yield Convolution(net.stem[0], net.stem[1], 3, sizes[0])
    for _ in range(STAGES - 1):
        sizes.append(-(-sizes[-1] // 2))
    before: tuple[int, ...] = (net.stem[1],)
    for module in net.modules():
        after = module.channels
        for source, target in fused_pairs(len(before), len(after)):
            inputs = before[source] if target < len(before) else after[source]
            kernel = 1 if source > target else 3
            yield Convolution(inputs, after[target], kernel, sizes[max(source, target)])
        for branch, (units, width) in enumerate(zip(module.units, after, strict=True)):
            for _ in range(2 * units):
                yield Convolution(width, width, 3, sizes[branch])
        before = after
    joined = sizes[SCORED_BRANCH] if stem_stride == 1 else sizes[-1]
    yield Convolution(sum(before), net.last, 1, joined)
