"""The supernet of NAS-Bench-201's cell (arXiv 2001.00326, section 2), without needless work.

What a plain loop over edges and operations would repeat is done once, exactly:

- all edges that leave a node share its ReLU, its average pooling and itself;
- their convolutions of one kernel size are one convolution with concatenated outputs, and one
  normalisation of the concatenation, which is normalisation by channel all the same;
- the mixing weight of a convolution is the scale of its normalisation;
- operation ``none`` is not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import (
    ChosenEdge,
    Supernet,
    average_pool,
    drop_skip,
    keep_layout,
    normalise,
    shuffle_channels,
)
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201.cell import CONV_1X1, CONV_3X3, EDGES, OPERATIONS
from naslib_proxydata.spaces.nb201.network import Reduction, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHOICES = Choices(EDGES, (OPERATIONS,) * len(EDGES))
SKIP_COLUMN = OPERATIONS.index(nb201_cell.SKIP)
POOL_COLUMN = OPERATIONS.index(nb201_cell.POOL)
KERNELS = {CONV_1X1: 1, CONV_3X3: 3}


class OutgoingEdges(nn.Module):
    """All edges that leave one node, with all their operations.

    Args:
        source: The node.
        channels: Number of channels that the operations see.
        choices: Edges and candidates of the cell.
    """

    def __init__(self, source: int, channels: int, choices: Choices = CHOICES) -> None:
        super().__init__()
        self.rows = choices.out_of(source)
        self.channels = channels
        self.convolutions = nn.ModuleDict(
            {
                name: nn.Conv2d(
                    channels, len(self.rows) * channels, size, padding=size // 2, bias=False
                )
                for name, size in KERNELS.items()
            }
        )

    def forward(self, features: Tensor, mixture: Mixture) -> list[list[Tensor]]:
        """Return for each edge the weighted outputs of its operations, each (n, c, h, w)."""
        terms: list[list[Tensor]] = [[] for _ in self.rows]
        pooled: Tensor | None = None
        for number, row in enumerate(self.rows):
            if mixture.runs(row, SKIP_COLUMN):
                kept = drop_skip(features, mixture)
                terms[number].append(mixture.weights[row, SKIP_COLUMN] * kept)
            if mixture.auxiliary:
                terms[number].append(mixture.auxiliary * features)
            if mixture.runs(row, POOL_COLUMN):
                pooled = average_pool(features) if pooled is None else pooled
                terms[number].append(mixture.weights[row, POOL_COLUMN] * pooled)
        for numbers, output in self._convolve(features, mixture).items():
            for number, part in zip(numbers, output.chunk(len(numbers), 1), strict=True):
                terms[number].append(part)
        return terms

    def _convolve(self, features: Tensor, mixture: Mixture) -> dict[tuple[int, ...], Tensor]:
        """Return weighted sums of convolutions, concatenated over the edges that are named."""
        rectified: Tensor | None = None
        outputs: dict[tuple[int, ...], Tensor] = {}
        for name, layer in self.convolutions.items():
            column = OPERATIONS.index(name)
            numbers = tuple(n for n, row in enumerate(self.rows) if mixture.runs(row, column))
            if not numbers:
                continue
            rectified = F.relu(features) if rectified is None else rectified
            weight = cast(nn.Conv2d, layer).weight
            if len(numbers) < len(self.rows):
                parts = torch.split(weight, self.channels)
                weight = torch.cat([parts[n] for n in numbers])
            weights = mixture.weights[:, column].unbind()  # a list as index would be copied
            mixing = torch.stack([weights[self.rows[number]] for number in numbers])
            output = F.conv2d(rectified, weight, padding=KERNELS[name] // 2)
            output = normalise(output, mixing.repeat_interleave(self.channels))
            outputs[numbers] = outputs[numbers] + output if numbers in outputs else output
        return outputs


class MixedCell(nn.Module):
    """One cell: node j is the weighted sum over its incoming edges and their operations.

    Args:
        channels: Number of channels of its input and output.
        partial: Only 1 / partial of the channels go through operations (PC-DARTS,
            arXiv 1907.05737); the rest bypass them, and the channels are shuffled.
        choices: Edges and candidates of the cell.
    """

    def __init__(self, channels: int, partial: int = 1, choices: Choices = CHOICES) -> None:
        super().__init__()
        self.choices = choices
        self.partial = partial
        self.mixed_channels = channels // partial
        self.sources = nn.ModuleList(
            OutgoingEdges(source, self.mixed_channels, choices) for source in range(self.last)
        )

    @property
    def last(self) -> int:
        """The output node; nodes are counted from 0."""
        return self.choices.targets[-1]

    def forward(self, features: Tensor, mixture: Mixture) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        incoming: list[list[Tensor]] = [[] for _ in range(self.last + 1)]
        bypass: list[list[Tensor]] = [[] for _ in range(self.last + 1)]
        value = features
        for source, module in enumerate(self.sources):
            edges = cast(OutgoingEdges, module)
            mixed = value[:, : self.mixed_channels] if self.partial > 1 else value
            for row, terms in zip(edges.rows, edges(mixed, mixture), strict=True):
                target = self.choices.edges[row][1]
                incoming[target] += terms
                if mixture.idle is not None:
                    incoming[target].append(mixture.idle[row])
                if self.partial > 1:
                    rest = value[:, self.mixed_channels :]
                    bypass[target].append(mixture.edge_weight(row) * rest)
            value = self._node(mixed, incoming[source + 1], bypass[source + 1])
        return value

    def _node(self, like: Tensor, terms: list[Tensor], bypass: list[Tensor]) -> Tensor:
        value = _sum(terms, like)
        if self.partial == 1:
            return value
        return shuffle_channels(torch.cat([value, _sum(bypass, like)], 1), self.partial)


def _sum(terms: list[Tensor], like: Tensor) -> Tensor:
    """Add up terms, some of which may be scalars; zeros where there is nothing to add."""
    if not any(term.ndim for term in terms):
        terms = [torch.zeros_like(like), *terms]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


class NasBench201Supernet(Supernet):
    """Stem, three stages of mixed cells with reductions between them, head.

    Pooling is not followed by a normalisation, as in the benchmark's own searches (arXiv
    2001.00326, its program) and unlike in the DARTS space.

    Args:
        channels: Channels of the first stage, doubled in each further one (C of the paper).
        cells: Cells in each of the three stages (N of the paper).
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: The K of partial channels; 1 for all channels.
        auxiliary: Whether edges have a skip connection beside their candidates (DARTS-); it has no
            weights here, so nothing is built for it.

    Raises:
        SearchError: The channels are not a multiple of ``partial``.
    """

    cells_by_stage = True
    cell_type: type[nb201_cell.Cell] = nb201_cell.Cell

    def __init__(
        self,
        channels: int = 16,
        cells: int = 5,
        num_classes: int = 10,
        in_channels: int = 3,
        partial: int = 1,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        if channels % partial:
            raise SearchError(
                f"{channels} channels cannot be split into {partial} equal parts; use a multiple "
                f"of {partial}"
            )
        edges = self.cell_type.every_edge
        choices = Choices(edges, (OPERATIONS,) * len(edges))
        self.choices = {"cell": choices}
        widths = (channels, 2 * channels, 4 * channels)
        self.stem = stem(in_channels, channels)
        self.stages = nn.ModuleList(
            nn.ModuleList(MixedCell(width, partial, choices) for _ in range(cells))
            for width in widths
        )
        self.reductions = nn.ModuleList(Reduction(width) for width in widths[:-1])
        self.norm = nn.BatchNorm2d(widths[-1])
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map images (n, in_channels, h, w) to logits (n, num_classes)."""
        features: Tensor = self.stem(images)
        for number, stage in enumerate(self.stages):
            if number:
                features = self.reductions[number - 1](features)
            for cell in cast(nn.ModuleList, stage):
                features = cell(features, mixtures["cell"])
        pooled = keep_layout(F.relu(self.norm(features))).mean((2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits

    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        """Return all edges, each with its strongest operation."""
        columns = strengths["cell"].argmax(1)
        return {
            "cell": [
                ChosenEdge(*edge, OPERATIONS[column])
                for edge, column in zip(self.cell_type.every_edge, columns, strict=True)
            ]
        }

    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        """Return the official text of the cell of each edge's strongest operation."""
        names = tuple(edge.operation for edge in self.chosen(strengths)["cell"])
        return nb201_cell.text(self.cell_type(names))


class NasBench201FiveNodesSupernet(NasBench201Supernet):
    """The same with cells of five nodes and ten edges ("Less is More", figure 5)."""

    cell_type = nb201_cell.FiveNodeCell
