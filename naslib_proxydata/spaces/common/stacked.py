"""Networks of many architectures of one skeleton, trained together.

A map of G architectures has shape (G, channels, n, h, w): what one of them computes is one row.
An edge computes an operation only for the architectures that have it there: their rows are taken
out, stacked, and what comes back is added to the rows of its target. So nothing is computed that no
architecture needs, and a row depends on no other. Convolutions have a kernel for each row.

The initial weights are those that :func:`~naslib_proxydata.spaces.common.build.build` draws for
each architecture alone, see :class:`Stream`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from numpy.typing import NDArray

Way = Literal["direct", "matmul", "grouped"]
"""How kernels larger than 1x1 are applied: by :mod:`~naslib_proxydata.spaces.common.direct`, where
that is possible; to unfolded maps as a batched matrix product; or as a grouped convolution. The
same to rounding; which is fastest depends on the device."""

_log = logging.getLogger(__name__)
_GAIN = math.sqrt(2.0 / (1 + math.sqrt(5) ** 2))  # of kaiming_uniform_, to the last bit
_MORE = 1 << 20  # numbers that are drawn at once


class Stream:
    """The numbers in [0, 1) of which a generator makes uniform weights, one for each weight.

    An architecture's layers draw one after the other from a generator of the same seed, so that a
    layer's weights are a stretch of one and the same stream, scaled.

    Args:
        generator: In the state in which it is given to ``build``.
        device: Where the numbers are kept.
    """

    def __init__(self, generator: torch.Generator, device: str | torch.device = "cpu") -> None:
        self.generator = generator
        self.values = torch.empty(0, device=device)

    def stretches(self, starts: NDArray[np.int64], length: int) -> Tensor:
        """Return the numbers from each start on, shape (len(starts), length)."""
        missing = int(starts.max()) + length - len(self.values)
        if missing > 0:
            more = torch.rand(max(missing, _MORE), generator=self.generator)
            self.values = torch.cat([self.values, more.to(self.values)])
        windows = self.values.as_strided((len(self.values) - length + 1, length), (1, 1))
        return windows[torch.from_numpy(starts).to(self.values.device)]


class Builder:
    """Makes the layers of G architectures in the order in which each draws its weights.

    Args:
        stream: Of which the weights are made.
        count: The number of architectures, G.
        way: How convolutions are computed.
        dtype: Type of the weights.
    """

    def __init__(
        self,
        stream: Stream,
        count: int,
        way: Way = "direct",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.stream = stream
        self.dtype = dtype
        self.every = np.arange(count)
        self.way = way
        self.drawn = np.zeros(count, dtype=np.int64)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.stream.values.device

    def index(self, rows: NDArray[np.int64]) -> Tensor:
        """Return rows as an index on the device."""
        return torch.from_numpy(rows).to(self.device)

    def reserve(self, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Let some architectures draw so many weights; return where in the stream they start."""
        starts = self.drawn[rows].copy()
        self.drawn[rows] += count
        return starts

    def convolution(
        self, starts: NDArray[np.int64], inputs: int, outputs: int, kernel: int, stride: int = 1
    ) -> Convolution:
        """Make a convolution without bias whose weights start there in the stream."""
        fan_in = inputs * kernel * kernel
        bound = math.sqrt(3.0) * (_GAIN / math.sqrt(fan_in))
        low = float(np.float32(-bound))
        span = float(np.float32(bound) - np.float32(-bound))
        numbers = self.stream.stretches(starts, outputs * fan_in)
        # Rounded once, as a processor that multiplies and adds at once does.
        weight = numbers.double().mul_(span).add_(low).float()
        shape = (len(starts), outputs, inputs, kernel, kernel)
        return Convolution(weight.view(shape).to(self.dtype), stride, self.way)

    def everywhere(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> Convolution:
        """Let every architecture draw a convolution, and make it."""
        starts = self.reserve(self.every, outputs * inputs * kernel * kernel)
        return self.convolution(starts, inputs, outputs, kernel, stride)

    def norm(self, channels: int, rows: int | None = None, affine: bool = True) -> Norm:
        """Make a normalisation of so many rows, of all where none are given."""
        rows = len(self.every) if rows is None else rows
        return Norm(torch.ones(rows * channels, dtype=self.dtype, device=self.device), affine)

    def relu_conv_norm(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1
    ) -> nn.Sequential:
        """Let every architecture draw ReLU, convolution and normalisation, and make them."""
        conv = self.everywhere(inputs, outputs, kernel, stride)
        return nn.Sequential(nn.ReLU(), conv, self.norm(outputs))


class Convolution(nn.Module):
    """A convolution of each row with its own kernel; it keeps height and width at stride 1.

    Args:
        weight: Initial weights, shape (rows, outputs, inputs, kernel, kernel).
        stride: In both directions.
        way: How it is computed where the kernel is larger than 1x1.
        bias: Initial biases, shape (rows * outputs,); None for none.
    """

    def __init__(
        self, weight: Tensor, stride: int = 1, way: Way = "direct", bias: Tensor | None = None
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = None if bias is None else nn.Parameter(bias)
        self.stride = stride
        self.way: Way = way
        if way == "direct" and not (
            stride == 1 and directly(weight.device) and direct_kernels().fits(weight)
        ):
            self.way = "matmul"

    def forward(self, maps: Tensor) -> Tensor:
        """Map (rows, inputs, n, h, w) to (rows, outputs, n, h/stride, w/stride)."""
        outputs = self._convolved(maps)
        if self.bias is None:
            return outputs
        return outputs + self.bias.view(*self.weight.shape[:2], 1, 1, 1)

    def _convolved(self, maps: Tensor) -> Tensor:
        if self.weight.shape[-1] == 1:
            maps = maps[..., :: self.stride, :: self.stride]
            flat = torch.bmm(self.weight.flatten(2), maps.flatten(2))
            return flat.view(len(maps), -1, *maps.shape[2:])
        if self.way == "direct":
            directed: Tensor = direct_kernels().convolve(maps, self.weight)
            return directed
        if self.way == "grouped":
            return _grouped(maps, self.weight, self.stride)
        result: Tensor = _Unfolded.apply(maps, self.weight, self.stride)  # type: ignore[no-untyped-call]
        return result


def direct_kernels() -> Any:
    """Return the module of kernels that need Triton."""
    from naslib_proxydata.spaces.common import direct

    return direct


@cache
def directly(device: torch.device) -> bool:
    """Return whether the direct kernels work on a device, by trying them once a process."""
    if device.type != "cuda":
        return False
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 16, 2, 8, 8, generator=generator).to(device).requires_grad_()
    weight = torch.randn(2, 32, 16, 3, 3, generator=generator).to(device).requires_grad_()
    try:
        found = _with_gradients(direct_kernels().convolve(maps, weight), maps, weight)
        expected = _with_gradients(_grouped(maps, weight, 1), maps, weight)
        apart = max(
            ((one - other).norm() / other.norm()).item()
            for one, other in zip(found, expected, strict=True)
        )
        reason = "" if apart < 1e-2 else f"what they compute is {apart:.1e} off"
    except Exception as error:  # of Triton, its compiler, the driver
        reason = f"{type(error).__name__}: {error}"[:300]
    if reason:
        _log.warning("kernels of stacked convolutions do not work here, others do: %s", reason)
    return not reason


def _with_gradients(outputs: Tensor, *of: Tensor) -> tuple[Tensor, ...]:
    return outputs.detach(), *torch.autograd.grad(outputs, of, torch.ones_like(outputs).cos_())


class Norm(nn.Module):
    """Normalisation of each channel of each row by its own mean and variance.

    Args:
        scale: Initial scale of each channel of all rows.
        affine: Whether scale and shift, which starts at zero, are there and learn.
    """

    def __init__(self, scale: Tensor, affine: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(scale) if affine else None
        self.bias = nn.Parameter(torch.zeros_like(scale)) if affine else None

    def forward(self, maps: Tensor) -> Tensor:
        """Map (rows, channels, n, h, w) to the same shape."""
        rows, channels, n, height, width = maps.shape
        flat = maps.reshape(1, rows * channels, n * height, width)
        # Not F.batch_norm, which may hand so many channels to cuDNN.
        normed = torch.native_batch_norm(flat, self.weight, self.bias, None, None, True, 0.1, 1e-5)[
            0
        ]
        return normed.view(maps.shape)


class AveragePool(nn.Module):
    """Average over each 3x3 window, of what lies inside the map; stride 1."""

    def forward(self, maps: Tensor) -> Tensor:
        """Map (rows, channels, n, h, w) to the same shape."""
        pooled = F.avg_pool2d(maps.flatten(0, 1), 3, 1, 1, count_include_pad=False)
        return pooled.view(maps.shape)


class Term(nn.Module):
    """One operation into one node, for all architectures that have it there.

    Args:
        target: The node.
        sources: For each source node, ascending, the architectures with this edge.
        operation: Maps the stacked rows of all sources; None for the identity.
        index: Puts an index on the device.
        count: The number of architectures.
        first: The lowest node that the rows are counted from.
    """

    def __init__(
        self,
        target: int,
        sources: Sequence[tuple[int, NDArray[np.int64]]],
        operation: nn.Module | None,
        index: Callable[[NDArray[np.int64]], Tensor],
        count: int,
        first: int = 0,
    ) -> None:
        super().__init__()
        self.target = target
        self.operation = operation
        self.from_input = sources[0][0] < first
        lowest = 0 if self.from_input else first
        self.rows = index(np.concatenate([(node - lowest) * count + who for node, who in sources]))
        self.members = index(np.concatenate([who for _, who in sources]))
        self.sizes = [len(who) for _, who in sources]


class Cell(nn.Module):
    """A cell: node j is the sum over its incoming edges of operation(node i).

    Args:
        nodes: Number of nodes; 0 is the input and the last one the output.
        terms: What is summed, by target ascending.
        outputs: Number of channels of all nodes but the input.
        stride: Of the edges that leave the input.
        alike: Whether the input has the other nodes' shape. If so they are in one stack, rows
            counted from node 0; if not, terms that read the input read nothing else.
    """

    def __init__(
        self, nodes: int, terms: Sequence[Term], outputs: int, stride: int = 1, alike: bool = True
    ) -> None:
        super().__init__()
        self.nodes = nodes
        self.terms = nn.ModuleList(terms)
        self.outputs = outputs
        self.stride = stride
        self.first = 0 if alike else 1

    def forward(self, maps: Tensor) -> Tensor:
        """Map (G, inputs, n, h, w) to (G, outputs, n, h/stride, w/stride)."""
        if not torch.is_grad_enabled():
            return _computed(self, maps)[0]
        result: Tensor = _Cell.apply(self, maps, *self.parameters())  # type: ignore[no-untyped-call]
        return result


def _computed(cell: Cell, maps: Tensor) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Return the cell's output, and what each term has read and written."""
    grows = torch.is_grad_enabled()
    with torch.no_grad():
        rows, _, n, height, width = maps.shape
        size = (-(-height // cell.stride), -(-width // cell.stride))
        nodes = maps.new_zeros(cell.nodes - cell.first, rows, cell.outputs, n, *size)
        if cell.first == 0:
            nodes[0] = maps
        kept = []
        for term in cell.terms:
            assert isinstance(term, Term)
            read = (maps if term.from_input else nodes.flatten(0, 1))[term.rows]
            written = read
            if term.operation is not None:
                with torch.set_grad_enabled(grows):
                    written = term.operation(read.requires_grad_(grows))
            # One source at a time, so that no sum depends on the order in which a device adds.
            members = torch.split(term.members, term.sizes)
            for who, part in zip(members, torch.split(written.detach(), term.sizes), strict=True):
                nodes[term.target - cell.first].index_add_(0, who, part)
            kept.append((read, written))
    return nodes[-1], kept


class _Cell(torch.autograd.Function):
    """The gradient of each node is summed in one place, which automatic sums would copy."""

    @staticmethod
    def forward(ctx: Any, cell: Cell, maps: Tensor, *weights: Tensor) -> Tensor:
        with torch.enable_grad():
            output, kept = _computed(cell, maps)
        ctx.cell, ctx.kept, ctx.shape = cell, kept, maps.shape
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        cell, upstream = ctx.cell, gradients[0]
        by_node = upstream.new_zeros(cell.nodes - cell.first, *upstream.shape)
        by_node[-1] = upstream
        by_input = by_node[0] if cell.first == 0 else upstream.new_zeros(ctx.shape)
        by_weight: dict[nn.Parameter, Tensor] = {}
        for term, (read, written) in reversed(list(zip(cell.terms, ctx.kept, strict=True))):
            by_read = by_node[term.target - cell.first][term.members]
            if term.operation is not None:
                weights = list(term.parameters())
                by_read, *others = torch.autograd.grad(written, [read, *weights], by_read)
                by_weight.update(zip(weights, others, strict=True))
            into = by_input if term.from_input else by_node.flatten(0, 1)
            into.index_add_(0, term.rows, by_read)
        ctx.kept = None
        return None, by_input, *(by_weight[weight] for weight in cell.parameters())


def _grouped(maps: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Convolve each row as a group of channels of one convolution."""
    rows, kernel = len(maps), weight.shape[-1]
    beside = maps.permute(2, 0, 1, 3, 4).flatten(1, 2)  # n x rows inputs x h x w
    result = F.conv2d(beside, weight.flatten(0, 1), None, stride, kernel // 2, groups=rows)
    return result.view(len(result), rows, -1, *result.shape[2:]).permute(1, 2, 0, 3, 4)


class _Unfolded(torch.autograd.Function):
    """A batched matrix product with unfolded maps, which are unfolded again for the gradient."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(maps, weight)
        ctx.stride = stride
        return _product(weight, maps, stride)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight = ctx.saved_tensors
        upstream = gradients[0].contiguous()
        by_maps = by_weight = None
        if ctx.needs_input_grad[1]:
            unfolded = _unfolded(maps, weight.shape[-1], ctx.stride)
            by_weight = torch.bmm(upstream.flatten(2), unfolded.transpose(1, 2)).view(weight.shape)
        if ctx.needs_input_grad[0]:
            if ctx.stride == 1:
                by_maps = _product(weight.flip(3, 4).transpose(1, 2), upstream, 1)
            else:
                by_maps = _folded(upstream, weight, maps.shape, ctx.stride)
        return by_maps, by_weight, None


def _product(weight: Tensor, maps: Tensor, stride: int) -> Tensor:
    kernel = weight.shape[-1]
    height, width = (-(-size // stride) for size in maps.shape[3:])
    flat = torch.bmm(weight.flatten(2), _unfolded(maps, kernel, stride))
    return flat.view(*weight.shape[:2], maps.shape[2], height, width)


def _unfolded(maps: Tensor, kernel: int, stride: int) -> Tensor:
    """Return what each output pixel reads: (rows, inputs kernel^2, n h/stride w/stride)."""
    padded = F.pad(maps, (kernel // 2,) * 4)
    windows = padded.unfold(3, kernel, stride).unfold(4, kernel, stride)
    return windows.permute(0, 1, 5, 6, 2, 3, 4).flatten(4).flatten(1, 3)


def _folded(upstream: Tensor, weight: Tensor, shape: torch.Size, stride: int) -> Tensor:
    """Return the gradient for the maps (rows, inputs, n, h, w) of a strided convolution."""
    rows, inputs, n, height, width = shape
    kernel, there = weight.shape[-1], upstream.shape[3:]
    unfolded = torch.bmm(weight.flatten(2).transpose(1, 2), upstream.flatten(2))
    taps = unfolded.view(rows, inputs, kernel, kernel, n, *there)
    pad = kernel // 2
    padded = upstream.new_zeros(rows, inputs, n, height + 2 * pad, width + 2 * pad)
    for row in range(kernel):
        for column in range(kernel):
            reached = padded[..., row::stride, column::stride][..., : there[0], : there[1]]
            reached.add_(taps[:, :, row, column])
    return padded[..., pad : pad + height, pad : pad + width]
