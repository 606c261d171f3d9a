"""One edge of a cell with all its operations, for spaces with separable convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.supernets.base import BatchNorm, drop_skip, shuffle_channels
from naslib_proxydata.spaces.darts.restricted import NOISE
from naslib_proxydata.spaces.genotypes.genotype import NONE
from naslib_proxydata.spaces.genotypes.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naslib_proxydata.oneshot.mixture import Mixture

SKIP = "skip_connect"


def without_affine(module: nn.Module) -> nn.Module:
    """Replace every batch normalisation inside by one without scale, shift and memory."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, BatchNorm())
        else:
            without_affine(child)
    return module


def search_operation(name: str, channels: int, stride: int) -> nn.Module:
    """Return an operation as supernets use it; pooling is followed by normalisation."""
    operation = without_affine(OPERATIONS[name](channels, stride))
    return nn.Sequential(operation, BatchNorm()) if "pool" in name else operation


class MixedEdge(nn.Module):
    """The weighted sum of an edge's operations, on all channels or a part of them.

    Args:
        row: Which row of the mixture the edge is.
        operations: Names of its candidates.
        channels: Channels of its input and output.
        stride: 2 on edges from the inputs of a reduction cell.
        partial: Only 1 / partial of the channels go through operations (PC-DARTS,
            arXiv 1907.05737); the rest bypass them, pooled where the stride is 2.
        auxiliary: Whether there is a skip connection beside the candidates (DARTS-).

    Raises:
        SearchError: The channels are not a multiple of ``partial``.
    """

    def __init__(
        self,
        row: int,
        operations: Sequence[str],
        channels: int,
        stride: int,
        partial: int,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        if channels % partial:
            raise SearchError(f"{channels} channels cannot be split into {partial} equal parts")
        self.row, self.stride, self.partial = row, stride, partial
        self.mixed_channels = channels // partial
        self.names = tuple(operations)
        self.operations = nn.ModuleDict(
            {
                name: search_operation(name, self.mixed_channels, stride)
                for name in operations
                if name not in (NONE, NOISE)
            }
        )
        self.auxiliary = search_operation(SKIP, self.mixed_channels, stride) if auxiliary else None

    def forward(self, features: Tensor, mixture: Mixture) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h/stride, w/stride)."""
        mixed = features[:, : self.mixed_channels] if self.partial > 1 else features
        total: Tensor | None = None
        for column, name in enumerate(self.names):
            if name == NONE or not mixture.runs(self.row, column):
                continue
            term = mixture.weights[self.row, column] * self._run(name, mixed, mixture)
            total = term if total is None else total + term
        if total is None:
            total = self._zeros(mixed)
        if self.auxiliary is not None and mixture.auxiliary:
            total = total + mixture.auxiliary * self.auxiliary(mixed)
        if mixture.idle is not None:
            total = total + mixture.idle[self.row]
        if self.partial == 1:
            return total
        rest = features[:, self.mixed_channels :]
        rest = rest if self.stride == 1 else F.max_pool2d(rest, 2, 2)
        rest = mixture.edge_weight(self.row) * rest
        return shuffle_channels(torch.cat([total, rest], 1), self.partial)

    def _run(self, name: str, features: Tensor, mixture: Mixture) -> Tensor:
        if name != NOISE:
            result: Tensor = self.operations[name](features)
            return drop_skip(result, mixture) if name == SKIP else result
        shape = self._zeros(features).shape
        drawn = torch.randn(shape, generator=mixture.generator, device=features.device)
        return drawn.to(features)

    def _zeros(self, features: Tensor) -> Tensor:
        zeros: Tensor = features[:, :, :: self.stride, :: self.stride] * 0
        return zeros.detach()
