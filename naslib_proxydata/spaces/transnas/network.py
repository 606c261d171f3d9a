"""The networks of TransNAS-Bench-101 (arXiv 2105.11871, section 3.1), without task heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import FactorizedReduction, SequentialTrunk, conv
from naslib_proxydata.spaces.transnas.skeleton import BASE_CHANNELS, cell_shapes

CellMaker = Callable[[int, int, int], nn.Module]
"""Makes a cell from input channels, output channels and stride."""
NODES = 4
ZERO, SKIP, CONV_1X1, CONV_3X3 = range(4)


def relu_conv_norm(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """Return ReLU, convolution, batch normalisation."""
    return nn.Sequential(nn.ReLU(), conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs))


class ResidualCell(Combining):
    """Two 3x3 convolutions beside a shortcut: the cell of the macro space."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            relu_conv_norm(inputs, outputs, 3, stride), relu_conv_norm(outputs, outputs, 3, 1)
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        residual: Tensor = self.shortcut(features)
        deep: Tensor = self.convs(features)
        return self.sum(residual, deep)


class MicroCellNetwork(Combining):
    """A searched cell: node j is the sum of operation(node i) over all i < j.

    Args:
        operations: Codes of the edges 0-1; 0-2, 1-2; 0-3, 1-3, 2-3.
        inputs: Number of channels of node 0.
        outputs: Number of channels of the other nodes.
        stride: Stride of the edges that leave node 0.
    """

    def __init__(self, operations: Sequence[int], inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.stride = stride
        pairs = [(i, j) for j in range(NODES) for i in range(j)]
        live = [(pair, op) for pair, op in zip(pairs, operations, strict=True) if op != ZERO]
        self.edges = [pair for pair, _ in live]
        self.operations = nn.ModuleList(
            _edge(op, *((inputs, outputs, stride) if pair[0] == 0 else (outputs, outputs, 1)))
            for pair, op in live
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        nodes: dict[int, Tensor] = {0: features}
        for (i, j), operation in zip(self.edges, self.operations, strict=True):
            term = operation(nodes[i] if i in nodes else self._zeros(features))
            nodes[j] = self.sum(nodes[j], term) if j in nodes else term
        return nodes[NODES - 1] if NODES - 1 in nodes else self._zeros(features)

    def _zeros(self, features: Tensor) -> Tensor:
        """Return what a node without incoming edges holds."""
        height, width = (-(-size // self.stride) for size in features.shape[2:])
        return features.new_zeros(len(features), self.outputs, height, width)


def _edge(op: int, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return the module of an edge; only ``zero`` has none."""
    if op == SKIP:
        same = stride == 1 and inputs == outputs
        return nn.Identity() if same else FactorizedReduction(inputs, outputs, stride)
    return relu_conv_norm(inputs, outputs, {CONV_1X1: 1, CONV_3X3: 3}[op], stride)


class TransNasTrunk(SequentialTrunk):
    """Stem and modules; taps are the outputs of the last three modules."""

    def __init__(self, modules: tuple[int, ...], make: CellMaker, in_channels: int) -> None:
        half = BASE_CHANNELS // 2
        layers: list[nn.Module] = [
            nn.Sequential(
                conv(in_channels, half, 3, stride=2),
                nn.BatchNorm2d(half),
                relu_conv_norm(half, BASE_CHANNELS, 3, stride=2),
            )
        ]
        shapes = list(cell_shapes(modules))
        layers += [make(*shape) for shape in shapes]
        per_module = len(shapes) // len(modules)
        taps = [len(layers) - 1 - per_module * back for back in (2, 1, 0)]
        super().__init__(layers, taps, [shapes[tap - 1][1] for tap in taps])
