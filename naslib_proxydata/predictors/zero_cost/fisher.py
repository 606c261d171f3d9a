"""Fisher: how much the loss would change if channels were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn import functional

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
    weighted_layers,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor, nn


class FisherSettings(BatchSettings):
    """Options of fisher.

    Attributes:
        per: Sum the saliencies once per ``weight`` that feeds the channel, as the program of
            arXiv 2101.08134 (and with it NASLib) does, or once per ``channel``.
    """

    per: Literal["weight", "channel"] = "weight"


def channel_saliencies(
    network: nn.Module, inputs: Tensor, labels: Tensor
) -> list[tuple[nn.Conv2d | nn.Linear, Tensor]]:
    """Return the Fisher saliency of every output channel of every weighted layer.

    Delta_c = 1/2 mean_n (sum_ij a_ncij g_ncij)^2 with a the layer's output, g = dL/da
    (arXiv 1906.04113, Fisher potential; arXiv 2101.08134, section 3.2). Only gradients
    of outputs are computed, none of weights.

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).

    Returns:
        (layer, saliencies of shape (out_channels,)) of every layer that the loss depends on.
    """
    seen: list[tuple[Any, Tensor]] = []
    with hooked(weighted_layers(network), lambda layer, _, out: seen.append((layer, out))):
        loss = functional.cross_entropy(network(inputs), labels)
    gradients = torch.autograd.grad(loss, [output for _, output in seen], allow_unused=True)
    result: list[tuple[nn.Conv2d | nn.Linear, Tensor]] = []
    for (layer, output), gradient in zip(seen, gradients, strict=True):
        if gradient is not None:
            products = output.detach() * gradient
            sums = products.reshape(*products.shape[:2], -1).sum(2)  # n x c
            result.append((layer, sums.square().mean(0) / 2))
    return result


def fisher(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    per: Literal["weight", "channel"] = "weight",
) -> float:
    """Sum the channel saliencies over the network, counted once per ``per``."""
    total = 0.0
    for layer, saliencies in channel_saliencies(network, inputs, labels):
        weights = layer.weight[0].numel() if per == "weight" else 1
        total += weights * float(saliencies.sum())
    return total


class Fisher(UntrainedNetworkPredictor[Architecture]):
    """Fisher of the canonical network; dead edges have no saliency."""

    name = "fisher"
    accelerated = True
    settings_type = FisherSettings
    options: FisherSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the summed channel saliency."""
        return fisher(self.network(architecture), self.inputs, self.labels, self.options.per)
