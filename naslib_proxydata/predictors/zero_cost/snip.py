"""SNIP: how much the loss would change if connections were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    weight_gradients,
)
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor, nn


def snip(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Sum the connection sensitivities.

    S = sum |dL/d theta * theta| over the weights theta of convolutions and linear layers
    (connection sensitivity of arXiv 1810.02340, section 4, without its normalisation; summed
    over the network as in arXiv 2101.08134, eq. 1). The derivative by a mask c at c = 1 equals
    theta dL/d theta, so that no masks are needed.

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).
    """
    pairs = weight_gradients(network, inputs, labels)
    return ordered_sum(
        float((weight.detach() * gradient).abs().sum()) for weight, gradient in pairs
    )


class Snip(UntrainedNetworkPredictor[Architecture]):
    """SNIP of the canonical network; dead edges have no sensitivity."""

    name = "snip"
    accelerated = True
    settings_type = BatchSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the summed connection sensitivity."""
        return snip(self.network(architecture), self.inputs, self.labels)
