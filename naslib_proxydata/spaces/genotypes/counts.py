"""Counts of networks of genotype cells, from counts of single operations made once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from torch import nn

from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.common.published_flops import operation_flops
from naslib_proxydata.spaces.genotypes.genotype import NONE, CellGenotype, Genotype
from naslib_proxydata.spaces.genotypes.network import STEM_MULTIPLIER, auxiliary_head
from naslib_proxydata.spaces.genotypes.operations import OPERATIONS


class Counts(NamedTuple):
    """What one part of a network adds.

    Attributes:
        params: Trainable parameters.
        macs: Multiply-accumulates for one image.
        flops: What NDS's files count for it; see :mod:`published_flops`.
    """

    params: int = 0
    macs: int = 0
    flops: int = 0


class CellShape(NamedTuple):
    """One cell of a network.

    Attributes:
        genotype: The cell.
        inputs: Channels of the two inputs.
        sizes: Height and width in pixels of the two inputs.
        channels: Channels of its nodes.
        stride: 2 where it halves the image.
    """

    genotype: CellGenotype
    inputs: tuple[int, int]
    sizes: tuple[int, int]
    channels: int
    stride: int

    @property
    def outputs(self) -> int:
        """Channels of the output."""
        return len(self.genotype.concat) * self.channels

    @property
    def output_size(self) -> int:
        """Height and width in pixels of the output."""
        return -(-self.sizes[1] // self.stride)


def cell_shapes(
    genotype: Genotype, width: int, depth: int, size: int, imagenet: bool
) -> Iterator[CellShape]:
    """Yield the cells of a network for images of a size in pixels, as :class:`CellStack` has."""
    reductions = (depth // 3, 2 * depth // 3)
    stem = width if imagenet else STEM_MULTIPLIER * width
    inputs = (stem, stem)
    sizes = (-(-size // 4), -(-size // 8)) if imagenet else (size, size)
    for place in range(depth):
        reduces = place in reductions
        cell = genotype.reduce if reduces else genotype.normal
        width = 2 * width if reduces else width
        shape = CellShape(cell, inputs, sizes, width, 2 if reduces else 1)
        yield shape
        inputs = (inputs[1], shape.outputs)
        sizes = (sizes[1], shape.output_size)


def network_counts(
    genotype: Genotype,
    width: int,
    depth: int,
    *,
    num_classes: int,
    image_size: int,
    imagenet: bool,
    auxiliary: bool = False,
) -> Counts:
    """Count a whole network for colour images; the auxiliary head has no multiply-accumulates.

    Args:
        genotype: The cells, counted as written, dead edges too.
        width: Channels of the first nodes.
        depth: Number of cells.
        num_classes: Number of classes.
        image_size: Height and width in pixels.
        imagenet: Whether the stem is ImageNet's.
        auxiliary: Whether there is a second classifier in training.
    """
    shapes = list(cell_shapes(genotype, width, depth, image_size, imagenet))
    parts = [_stem_counts(width, image_size, imagenet), *map(_cell_counts, shapes)]
    outputs, weights = shapes[-1].outputs, shapes[-1].outputs * num_classes
    mean = outputs * shapes[-1].output_size ** 2
    parts.append(Counts(weights + num_classes, weights, weights + num_classes + mean))
    if auxiliary:
        channels = shapes[2 * depth // 3].outputs
        head = on_meta(lambda: auxiliary_head(channels, num_classes, imagenet))
        parts.append(Counts(params=count_params(head)))
    return _sum(parts)


def _sum(parts: Iterable[Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(*parts, strict=True)))


def _stem_counts(width: int, size: int, imagenet: bool) -> Counts:
    """Count the stem; each of ImageNet's layers but the first reads through a ReLU."""
    layers = [(3, STEM_MULTIPLIER * width, 1)]
    if imagenet:
        layers = [(3, width // 2, 2), (width // 2, width, 2), (width, width, 2)]
    parts = []
    for place, (inputs, outputs, stride) in enumerate(layers):
        activated = inputs * size * size if place else 0
        size = -(-size // stride)
        macs = 9 * inputs * outputs * size * size
        parts.append(Counts(9 * inputs * outputs + 2 * outputs, macs, macs + activated))
    return _sum(parts)


@lru_cache(maxsize=4096)
def _cell_counts(shape: CellShape) -> Counts:
    """Count one cell; preprocessing gives its second input's size."""
    size = shape.sizes[1]
    parts = []
    for inputs, before in zip(shape.inputs, shape.sizes, strict=True):
        weights = inputs * shape.channels
        macs = weights * size * size
        parts.append(Counts(weights + 2 * shape.channels, macs, macs + inputs * before * before))
    for op, source in shape.genotype.edges:
        if op != NONE:
            stride = shape.stride if source < 2 else 1
            at = size if source < 2 else shape.output_size
            parts.append(_operation_counts(op, shape.channels, stride, at))
    return _sum(parts)


@lru_cache(maxsize=4096)
def _operation_counts(op: str, channels: int, stride: int, size: int) -> Counts:
    module: nn.Module = on_meta(lambda: OPERATIONS[op](channels, stride))
    return Counts(
        count_params(module),
        count_macs(module, in_channels=channels, image_size=size),
        operation_flops(module, channels=channels, image_size=size),
    )
