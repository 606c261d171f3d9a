"""Counts of networks of genotype cells, from counts of single operations made once each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from torch import nn

from naslib_proxydata.spaces.cell_network import STEM_MULTIPLIER, auxiliary_head
from naslib_proxydata.spaces.cell_operations import OPERATIONS
from naslib_proxydata.spaces.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.genotype import NONE, CellGenotype, Genotype


class Counts(NamedTuple):
    """Trainable parameters, and multiply-accumulates for one image."""

    params: int
    macs: int


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
        inputs = (inputs[1], len(cell.concat) * width)
        sizes = (sizes[1], -(-sizes[1] // shape.stride))


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
    counts = [_stem_counts(width, image_size, imagenet)]
    outputs: list[int] = []
    for shape in cell_shapes(genotype, width, depth, image_size, imagenet):
        counts.append(_cell_counts(shape))
        outputs.append(len(shape.genotype.concat) * shape.channels)
    counts.append(Counts((outputs[-1] + 1) * num_classes, outputs[-1] * num_classes))
    if auxiliary:
        channels = outputs[2 * depth // 3]
        head = on_meta(lambda: auxiliary_head(channels, num_classes, imagenet))
        counts.append(Counts(count_params(head), 0))
    return Counts(sum(one.params for one in counts), sum(one.macs for one in counts))


def _stem_counts(width: int, size: int, imagenet: bool) -> Counts:
    layers = [(3, STEM_MULTIPLIER * width, 1)]
    if imagenet:
        layers = [(3, width // 2, 2), (width // 2, width, 2), (width, width, 2)]
    params = macs = 0
    for inputs, outputs, stride in layers:
        size = -(-size // stride)
        params += 9 * inputs * outputs + 2 * outputs
        macs += 9 * inputs * outputs * size * size
    return Counts(params, macs)


@lru_cache(maxsize=4096)
def _cell_counts(shape: CellShape) -> Counts:
    """Count one cell; preprocessing gives its second input's size."""
    size = shape.sizes[1]
    params = macs = 0
    for inputs in shape.inputs:
        params += inputs * shape.channels + 2 * shape.channels
        macs += inputs * shape.channels * size * size
    for op, source in shape.genotype.edges:
        if op == NONE:
            continue
        strided = source < 2 and shape.stride == 2
        at = size if source < 2 else -(-size // shape.stride)
        counts = _operation_counts(op, shape.channels, 2 if strided else 1, at)
        params += counts.params
        macs += counts.macs
    return Counts(params, macs)


@lru_cache(maxsize=4096)
def _operation_counts(op: str, channels: int, stride: int, size: int) -> Counts:
    module: nn.Module = on_meta(lambda: OPERATIONS[op](channels, stride))
    return Counts(count_params(module), count_macs(module, in_channels=channels, image_size=size))
