"""What a supernet is, and the few layers that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naslib_proxydata.oneshot.mixture import Choices, Mixture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FREE_OPERATIONS = frozenset(
    {"none", "skip_connect", "avg_pool_3x3", "max_pool_3x3", "noise", "maxpool3x3", "output"}
)
"""Operations without parameters; a cell that drifts towards them has collapsed."""


class ChosenEdge(NamedTuple):
    """An edge of a derived cell."""

    source: int
    target: int
    operation: str


class Supernet(nn.Module, ABC):
    """A network that computes every candidate operation of every edge and mixes them.

    Normalisation uses the statistics of the batch at hand, always: a supernet is never
    evaluated with running averages.

    Attributes:
        choices: The choices of each kind of cell.
        inputs_per_node: Number of edges that a derived cell keeps into each node; None for all.
        edgewise: Whether every choice is the operation of an edge.
        cells_by_stage: Whether the number of cells is that of a stage, not of the network.
    """

    choices: Mapping[str, Choices]
    inputs_per_node: int | None = None
    edgewise: bool = True
    cells_by_stage: bool = False

    @abstractmethod
    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map images (n, channels, h, w) to logits (n, classes).

        Args:
            images: The images.
            mixtures: One for each kind of cell.
        """

    @abstractmethod
    def chosen(self, strengths: Mapping[str, NDArray[np.float64]]) -> dict[str, list[ChosenEdge]]:
        """Return the edges of each kind of cell of the architecture, with their operations.

        Args:
            strengths: For each kind of cell, the strength of each candidate, edges x operations.
        """

    @abstractmethod
    def derive(self, strengths: Mapping[str, NDArray[np.float64]]) -> str:
        """Return the text of the architecture that the strengths stand for.

        Args:
            strengths: For each kind of cell, the strength of each candidate, edges x operations.
        """

    def chosen_places(
        self, strengths: Mapping[str, NDArray[np.float64]]
    ) -> dict[str, list[tuple[int, int]]]:
        """Return (row, column) of each candidate that the architecture holds, by kind of cell.

        Args:
            strengths: For each kind of cell, the strength of each candidate, edges x operations.
        """
        return {
            kind: [self.choices[kind].place(*edge) for edge in edges]
            for kind, edges in self.chosen(strengths).items()
        }


def normalise(features: Tensor, weight: Tensor | None = None) -> Tensor:
    """Normalise by the batch's statistics, channel by channel, then scale.

    Args:
        features: Shape (n, c, h, w).
        weight: Scale of each channel, shape (c,); where it is an operation's mixing weight,
            the weighting costs nothing.
    """
    return F.batch_norm(features, None, None, weight=weight, training=True)


class BatchNorm(nn.Module):
    """Normalisation without scale, shift and memory, as supernets use it."""

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (n, c, h, w) by the batch's statistics."""
        return normalise(features)


def average_pool(features: Tensor) -> Tensor:
    """Average 3x3 windows with stride 1; the border averages what there is."""
    return F.avg_pool2d(features, 3, stride=1, padding=1, count_include_pad=False)


def shuffle_channels(features: Tensor, groups: int) -> Tensor:
    """Interleave the channels of ``groups`` equal groups (arXiv 1907.05737, section 3.2)."""
    return F.channel_shuffle(features, groups) if groups > 1 else features


def drop_skip(features: Tensor, mixture: Mixture) -> Tensor:
    """Drop a share p of a skip connection's values and divide the others by 1 - p.

    Args:
        features: Shape (n, c, h, w).
        mixture: Holds the share and the generator that the dropped ones come from.
    """
    if not mixture.skip_dropout:
        return features
    shape, device = features.shape, features.device
    drawn = torch.rand(shape, generator=mixture.generator, device=device)
    return features * (drawn >= mixture.skip_dropout).to(features) / (1 - mixture.skip_dropout)


class _KeepLayout(torch.autograd.Function):
    """The identity whose gradient has the memory layout of its input."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, features: Tensor) -> Tensor:
        ctx.channels_last = features.is_contiguous(memory_format=torch.channels_last)  # type: ignore[attr-defined]
        return features.view_as(features)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:
        if ctx.channels_last:  # type: ignore[attr-defined]
            return gradients[0].contiguous(memory_format=torch.channels_last)
        return gradients[0].contiguous()


def keep_layout(features: Tensor) -> Tensor:
    """Return the features; gradients pass in the features' own memory layout.

    A mean over pixels sends back an expanded gradient, whose layout the layers before it would
    inherit: on a CPU their backward passes then take several times as long.
    """
    result: Tensor = _KeepLayout.apply(features)  # type: ignore[no-untyped-call]
    return result
