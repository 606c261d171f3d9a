"""Gradient norm: how much one batch wants to move the initial weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    weight_gradients,
)
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


def grad_norm(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Sum the Euclidean norms of the loss gradients, layer by layer.

    S = sum_l || dL / d theta_l ||_2 over the weights theta_l of convolutions and linear layers
    (arXiv 2101.08134, section 3.2).

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).
    """
    return ordered_sum(float(g.norm()) for _, g in weight_gradients(network, inputs, labels))


class GradNorm(UntrainedNetworkPredictor[Architecture]):
    """Gradient norm of the canonical network; dead edges have no gradient."""

    name = "grad-norm"
    accelerated = True
    settings_type = BatchSettings

    def generator(self, purpose: str) -> torch.Generator:
        """Return a generator that is the same for every architecture.

        It is seeded with the name that the predictor had once: another text would draw other
        weights, and give other scores.
        """
        return torch_generator(self.task.seed, "grad_norm", purpose)

    def measure(self, architecture: Architecture) -> float:
        """Return the gradient norm."""
        return grad_norm(self.network(architecture), self.inputs, self.labels)
