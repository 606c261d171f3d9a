"""Networks stacked from a genotype's cells: CIFAR's and ImageNet's (arXiv 1905.13214).

Both double the channels and halve the image at cells L//3 and 2L//3 of L. CIFAR's begins with a
3x3 convolution of three times the width; ImageNet's with three of stride 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import FactorizedReduction, conv
from naslib_proxydata.spaces.common.trunk import Trunk
from naslib_proxydata.spaces.genotypes.genotype import NONE, CellGenotype, Genotype
from naslib_proxydata.spaces.genotypes.operations import OPERATIONS

STEM_MULTIPLIER = 3


class GenotypeCell(Combining):
    """One cell: preprocessing of both inputs, nodes, concatenation.

    Args:
        genotype: The cell.
        inputs: Channels of the output of the cell before the last, and of the last.
        channels: Channels of every node.
        stride: 2 for a reduction cell; edges from nodes 0 and 1 have it.
        halved: Whether the last cell halved the image, so that the first input is to be halved.
    """

    def __init__(
        self,
        genotype: CellGenotype,
        inputs: tuple[int, int],
        channels: int,
        stride: int,
        halved: bool,
    ) -> None:
        super().__init__()
        self.genotype = genotype
        self.channels = channels
        self.stride = stride
        first = FactorizedReduction(inputs[0], channels, 2) if halved else None
        self.preprocess = nn.ModuleList(
            [first or _pointwise(inputs[0], channels), _pointwise(inputs[1], channels)]
        )
        self.operations = nn.ModuleDict(
            {
                str(place): OPERATIONS[op](channels, stride if source < 2 else 1)
                for place, (op, source) in enumerate(genotype.edges)
                if op != NONE
            }
        )

    def forward(self, before_last: Tensor, last: Tensor) -> Tensor:
        """Map the outputs of the two cells before to (n, len(concat) x channels, h', w')."""
        states = [self.preprocess[0](before_last), self.preprocess[1](last)]
        for node in self.genotype.nodes():
            terms = [
                self.operations[str(place)](states[self.genotype.edges[place][1]])
                for place in (2 * node - 4, 2 * node - 3)
                if str(place) in self.operations
            ]
            states.append(self._sum(terms) if terms else self._zeros(states[1]))
        outputs = [states[node] for node in self.genotype.concat]
        return self.concatenation(outputs)

    def droppable_paths(self) -> Iterator[nn.Module]:
        """Yield the operations that drop path may leave out: all but skip connections."""
        yield from (one for one in self.operations.values() if not isinstance(one, nn.Identity))

    def _sum(self, terms: list[Tensor]) -> Tensor:
        """Return the sum of one term or two."""
        return terms[0] if len(terms) == 1 else self.sum(*terms)

    def _zeros(self, like: Tensor) -> Tensor:
        """Return what a node of two "none" edges holds."""
        height, width = (-(-size // self.stride) for size in like.shape[2:])
        return like.new_zeros(len(like), self.channels, height, width)


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), conv(inputs, outputs, 1), nn.BatchNorm2d(outputs))


class CellStack(Trunk):
    """Stem and cells; taps are the last cell's output and the inputs of cells 2L//3 and L//3.

    Args:
        genotype: The cells.
        width: Channels of the nodes of the first cells.
        depth: Number of cells, L.
        in_channels: Number of channels of the images.
        imagenet: Whether the stem is ImageNet's.
    """

    def __init__(
        self, genotype: Genotype, width: int, depth: int, in_channels: int, imagenet: bool
    ) -> None:
        super().__init__()
        self.imagenet = imagenet
        if imagenet:
            self.stem = _imagenet_stem(in_channels, width)
            inputs = (width, width)
        else:
            outputs = STEM_MULTIPLIER * width
            self.stem = nn.ModuleList(
                [nn.Sequential(conv(in_channels, outputs, 3), nn.BatchNorm2d(outputs))]
            )
            inputs = (outputs, outputs)
        self.reductions = (depth // 3, 2 * depth // 3)
        self.cells = nn.ModuleList()
        halved = imagenet
        taps = {}
        for place in range(depth):
            taps[place] = inputs[1]
            reduces = place in self.reductions
            cell = genotype.reduce if reduces else genotype.normal
            width = 2 * width if reduces else width
            self.cells.append(GenotypeCell(cell, inputs, width, 2 if reduces else 1, halved))
            inputs = (inputs[1], len(cell.concat) * width)
            halved = reduces
        taps[depth] = inputs[1]
        self.channels = (inputs[1], taps[self.reductions[1]], taps[self.reductions[0]])
        self.auxiliary_channels = taps[self.reductions[1] + 1]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (n, in_channels, h, w) to the three taps, the final one first."""
        places = len(self.cells), *reversed(self.reductions)
        inputs = enumerate(self.inputs_of_cells(images))
        taps = {place: features for place, features in inputs if place in places}
        return [taps[place] for place in places]

    def inputs_of_cells(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the last output before each cell, and after the last one, and hold no other."""
        before_last = self.stem[0](images)
        last = self.stem[1](before_last) if self.imagenet else before_last
        yield last
        for cell in self.cells:
            before_last, last = last, cell(before_last, last)
            yield last


class CellClassifier(nn.Module):
    """Cells, global mean and classifier, with DARTS's second classifier for training if asked.

    Args:
        stack: The cells.
        num_classes: Number of classes.
        auxiliary: Whether a second classifier reads the output of cell 2L//3.
    """

    def __init__(self, stack: CellStack, num_classes: int, auxiliary: bool) -> None:
        super().__init__()
        self.stack = stack
        self.head = nn.Linear(stack.channels[0], num_classes)
        self.auxiliary: nn.Module | None = None
        if auxiliary:
            channels = stack.auxiliary_channels
            self.auxiliary = auxiliary_head(channels, num_classes, stack.imagenet)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to logits (n, num_classes)."""
        logits: Tensor = self.head(self.stack(images)[0].mean(dim=(2, 3)))
        return logits

    def auxiliary_logits(self, images: Tensor) -> Tensor:
        """Return the second classifier's logits (n, num_classes); see :meth:`both_logits`."""
        return self.both_logits(images)[1]

    def both_logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of both classifiers, each (n, num_classes).

        Args:
            images: Of published size, shape (n, in_channels, h, w).

        Raises:
            TypeError: The network has no second classifier.
        """
        if self.auxiliary is None:
            raise TypeError("this network was built without an auxiliary head")
        for place, features in enumerate(self.stack.inputs_of_cells(images)):
            if place == self.stack.reductions[1] + 1:
                auxiliary = self.auxiliary(features)
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits, auxiliary


def auxiliary_head(channels: int, num_classes: int, imagenet: bool) -> nn.Module:
    """Return the second classifier of DARTS (arXiv 1806.09055); ImageNet's lacks a norm."""
    last_norm = [] if imagenet else [nn.BatchNorm2d(768)]
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, stride=2 if imagenet else 3, count_include_pad=False),
        conv(channels, 128, 1),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 768, 2, bias=False),
        *last_norm,
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(768, num_classes),
    )


def _imagenet_stem(in_channels: int, width: int) -> nn.ModuleList:
    """Return the stem's two halves, of strides 4 and 2."""
    quarter = nn.Sequential(
        conv(in_channels, width // 2, 3, stride=2),
        nn.BatchNorm2d(width // 2),
        nn.ReLU(),
        conv(width // 2, width, 3, stride=2),
        nn.BatchNorm2d(width),
    )
    eighth = nn.Sequential(nn.ReLU(), conv(width, width, 3, stride=2), nn.BatchNorm2d(width))
    return nn.ModuleList([quarter, eighth])
