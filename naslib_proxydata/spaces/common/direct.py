# mypy: ignore-errors
# ruff: noqa: N803
"""3x3 convolutions of stacked rows on a GPU, each with its own kernel, without unfolded maps.

Needs Triton, which torch's builds for CUDA bring. Sums are taken in one order, without atomics.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

_PIXELS = 128  # of a tile
_MOST = 64  # channels of a tile


def fits(weight: Tensor) -> bool:
    """Return whether weights (rows, outputs, inputs, kernel, kernel) are such as are used here."""
    return (
        weight.dtype == torch.float32
        and weight.shape[-1] == 3
        and all(channels == 16 or channels % 32 == 0 for channels in weight.shape[1:3])
    )


def convolve(maps: Tensor, weight: Tensor) -> Tensor:
    """Map (rows, inputs, n, h, w) to (rows, outputs, n, h, w) by (rows, outputs, inputs, 3, 3)."""
    result: Tensor = _Direct.apply(maps, weight)  # type: ignore[no-untyped-call]
    return result


class _Direct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor) -> Tensor:
        maps, weight = maps.contiguous(), weight.contiguous()
        ctx.save_for_backward(maps, weight)
        return _convolved(maps, weight, turned=False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight = ctx.saved_tensors
        upstream = gradients[0].contiguous()
        by_maps = _convolved(upstream, weight, turned=True) if ctx.needs_input_grad[0] else None
        return by_maps, _weight_gradient(maps, upstream)


def _precision() -> str:
    """Return TF32 where torch may take it, else three products of it, as exact as float32."""
    return "tf32" if torch.backends.cuda.matmul.allow_tf32 else "tf32x3"


def _tile(channels: int) -> int:
    return next(size for size in (_MOST, 32, 16) if channels % size == 0)


def _convolved(maps: Tensor, weight: Tensor, turned: bool) -> Tensor:
    rows, inputs, n, height, width = maps.shape
    outputs = weight.shape[2 if turned else 1]
    result = maps.new_empty(rows, outputs, n, height, width)
    tile = _tile(outputs)
    pixels = n * height * width
    grid = (triton.cdiv(pixels, _PIXELS), outputs // tile, rows)
    _convolve[grid](
        *(maps, weight, result, pixels, height, width),
        INPUTS=inputs,
        OUTPUTS=outputs,
        TURNED=turned,
        TILE=tile,
        STEP=min(32, _tile(inputs)),
        PIXELS=_PIXELS,
        PRECISION=_precision(),
    )
    return result


def _weight_gradient(maps: Tensor, upstream: Tensor) -> Tensor:
    rows, inputs, n, height, width = maps.shape
    outputs = upstream.shape[1]
    result = maps.new_empty(rows, outputs, inputs, 3, 3)
    by_output, by_input = _tile(outputs), _tile(inputs)
    grid = (9, (outputs // by_output) * (inputs // by_input), rows)
    _correlate[grid](
        *(maps, upstream, result, n * height * width, height, width),
        INPUTS=inputs,
        OUTPUTS=outputs,
        BY_OUTPUT=by_output,
        BY_INPUT=by_input,
        PIXELS=64,
        PRECISION=_precision(),
    )
    return result


@triton.jit
def _convolve(
    maps,
    weight,
    result,
    pixels: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    INPUTS: tl.constexpr,
    OUTPUTS: tl.constexpr,
    TURNED: tl.constexpr,
    TILE: tl.constexpr,
    STEP: tl.constexpr,
    PIXELS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    row = tl.program_id(2).to(tl.int64)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    output = tl.program_id(1) * TILE + tl.arange(0, TILE)
    y = (pixel // width) % height
    x = pixel % width
    maps += row * INPUTS * pixels
    weight += row * INPUTS * OUTPUTS * 9
    total = tl.zeros((TILE, PIXELS), dtype=tl.float32)
    for tap in range(9):
        down = tap // 3 - 1
        right = tap % 3 - 1
        inside = (
            (pixel < pixels)
            & (y + down >= 0)
            & (y + down < height)
            & (x + right >= 0)
            & (x + right < width)
        )
        for first in range(0, INPUTS, STEP):
            channel = first + tl.arange(0, STEP)
            if TURNED:
                at = (channel[None, :] * OUTPUTS + output[:, None]) * 9 + 8 - tap
            else:
                at = (output[:, None] * INPUTS + channel[None, :]) * 9 + tap
            kernel = tl.load(weight + at)
            read = channel[:, None] * pixels + (pixel + down * width + right)[None, :]
            values = tl.load(maps + read, mask=inside[None, :], other=0.0)
            total += tl.dot(kernel, values, input_precision=PRECISION)
    into = result + row * OUTPUTS * pixels + output[:, None] * pixels + pixel[None, :]
    tl.store(into, total, mask=(pixel < pixels)[None, :])


@triton.jit
def _correlate(
    maps,
    upstream,
    result,
    pixels: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    INPUTS: tl.constexpr,
    OUTPUTS: tl.constexpr,
    BY_OUTPUT: tl.constexpr,
    BY_INPUT: tl.constexpr,
    PIXELS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    row = tl.program_id(2).to(tl.int64)
    tap = tl.program_id(0)
    tiles: tl.constexpr = INPUTS // BY_INPUT
    output = (tl.program_id(1) // tiles) * BY_OUTPUT + tl.arange(0, BY_OUTPUT)
    channel = (tl.program_id(1) % tiles) * BY_INPUT + tl.arange(0, BY_INPUT)
    down = tap // 3 - 1
    right = tap % 3 - 1
    maps += row * INPUTS * pixels
    upstream += row * OUTPUTS * pixels
    total = tl.zeros((BY_OUTPUT, BY_INPUT), dtype=tl.float32)
    for first in range(0, pixels, PIXELS):
        pixel = first + tl.arange(0, PIXELS)
        y = (pixel // width) % height + down
        x = pixel % width + right
        known = pixel < pixels
        inside = known & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        above = tl.load(
            upstream + output[:, None] * pixels + pixel[None, :], mask=known[None, :], other=0.0
        )
        shifted = (pixel + down * width + right)[:, None]
        values = tl.load(
            maps + channel[None, :] * pixels + shifted, mask=inside[:, None], other=0.0
        )
        total += tl.dot(above, values, input_precision=PRECISION)
    at = (row * OUTPUTS * INPUTS + output[:, None] * INPUTS + channel[None, :]) * 9 + tap
    tl.store(result + at, total)
