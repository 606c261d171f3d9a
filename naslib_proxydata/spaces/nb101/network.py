"""The network that NAS-Bench-101 builds around a cell (arXiv 1902.09635, section 2.2)."""

from __future__ import annotations

from torch import Tensor, nn

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import SequentialTrunk, conv_norm_relu
from naslib_proxydata.spaces.nb101.cell import (
    CELLS_PER_STACK,
    KERNELS,
    WIDTHS,
    Nb101Cell,
    validate,
    vertex_channels,
)


class Nb101CellNetwork(Combining):
    """A pruned cell: sums at the inner vertices, concatenation at the output.

    What comes from the input is projected by a 1x1 convolution of its own for each vertex; what
    comes from an inner vertex loses the channels that the receiving vertex does not have.

    Args:
        cell: The pruned cell.
        inputs: Number of channels of its input.
        outputs: Number of channels of its output.
    """

    def __init__(self, cell: Nb101Cell, inputs: int, outputs: int) -> None:
        super().__init__()
        self.last = cell.vertices - 1
        self.widths = vertex_channels(cell, inputs, outputs)
        self.sources = [[u for u in range(1, v) if cell.rows[u][v]] for v in range(cell.vertices)]
        self.projections = nn.ModuleDict(
            {
                str(v): conv_norm_relu(inputs, self.widths[v], 1)
                for v in range(1, cell.vertices)
                if cell.rows[0][v]
            }
        )
        self.operations = nn.ModuleList(
            _operation(op, width) for op, width in zip(cell.ops, self.widths[1:-1], strict=True)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h, w)."""
        values = [features]
        for v, operation in enumerate(self.operations, start=1):
            terms = [values[u][:, : self.widths[v]] for u in self.sources[v]]
            values.append(operation(self._sum(terms, features, v)))
        parts = [values[u] for u in self.sources[self.last]]
        return self._sum([self.concatenation(parts)] if parts else [], features, self.last)

    def _sum(self, terms: list[Tensor], features: Tensor, vertex: int) -> Tensor:
        """Add the terms, and the projected input where an edge leads from it."""
        if str(vertex) in self.projections:
            terms = [*terms, self.projections[str(vertex)](features)]
        total = terms[0]
        for term in terms[1:]:
            total = self.sum(total, term)
        return total


def _operation(op: int, channels: int) -> nn.Module:
    """Return the module of one inner vertex."""
    if KERNELS[op]:
        return conv_norm_relu(channels, channels, KERNELS[op])
    return nn.MaxPool2d(3, stride=1, padding=1)


class Nb101Trunk(SequentialTrunk):
    """Stem and three stacks with max pooling between; taps are the outputs of the stacks."""

    def __init__(self, cell: Nb101Cell, in_channels: int) -> None:
        pruned = validate(cell)
        layers: list[nn.Module] = [conv_norm_relu(in_channels, WIDTHS[0], 3)]
        taps = []
        before = WIDTHS[0]
        for width in WIDTHS:
            if width != before:
                layers.append(nn.MaxPool2d(2, stride=2, ceil_mode=True))
            for _ in range(CELLS_PER_STACK):
                layers.append(Nb101CellNetwork(pruned, before, width))
                before = width
            taps.append(len(layers) - 1)
        super().__init__(layers, taps, WIDTHS)
