"""Layers that add maps up or put them side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naslib_proxydata.kernels.compiled import readable
from naslib_proxydata.kernels.convolution import Compilable
from naslib_proxydata.kernels.sums import added, added_rectified, joined


class Combining(Compilable):
    """A layer that does so in the memory of compiled code, where it may."""

    def sum(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the sum of two maps of one shape."""
        return added(first, second) if self._fast(first, second) else first + second

    def rectified_sum(self, first: Tensor, second: Tensor, relu: nn.Module) -> Tensor:
        """Return the positive part of the sum of two maps of one shape.

        Args:
            first: A map.
            second: Another.
            relu: Has the layer's hooks; it is called where they must run.
        """
        if self._fast(first, second):
            return added_rectified(first, second)
        result: Tensor = relu(first + second)
        return result

    def concatenation(self, maps: list[Tensor]) -> Tensor:
        """Return maps (n, channels, h, w) side by side in the channels."""
        return joined(maps) if self._fast(*maps) else torch.cat(maps, dim=1)

    def _fast(self, *maps: Tensor) -> bool:
        return self.compiled and all(map(readable, maps))
