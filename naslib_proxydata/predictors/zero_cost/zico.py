"""ZiCo: how steady the gradients are from batch to batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    weight_gradients,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor, nn


class ZicoSettings(BatchSettings):
    """Options of zico.

    Attributes:
        batches: Number of batches; two in the paper.
    """

    batches: int = Field(2, ge=2)


def zico(network: nn.Module, inputs: Tensor, labels: Tensor, batches: int) -> float:
    """Sum, over layers, the logarithms of the gradients' inverse coefficients of variation.

    S = sum_l log sum_{w in theta_l} E|g_w| / sqrt(Var |g_w|), mean and variance over batches
    (arXiv 2301.11300, section 3). Weights whose gradient does not vary are left out, as in the
    authors' program; it differs from the paper, and from this, in taking the variance of signed
    gradients that it has summed over the batches so far.

    Args:
        network: In train mode, from inputs to logits; never updated.
        inputs: Shape (batches * n, channels, h, w).
        labels: Shape (batches * n,).
        batches: Into how many batches the images are cut, in order.
    """
    gradients = [
        [gradient.abs() for _, gradient in weight_gradients(network, images, classes)]
        for images, classes in zip(inputs.chunk(batches), labels.chunk(batches), strict=True)
    ]
    total = 0.0
    for layer in zip(*gradients, strict=True):
        stacked = torch.stack(layer)  # batches x weight's shape
        mean = stacked.mean(0)
        deviation = (stacked - mean).square().mean(0).sqrt()  # torch.std is slow on few rows
        ratios = torch.where(deviation > 0, mean / deviation, 0)
        steadiness = float(ratios.sum(dtype=torch.float64))
        total += math.log(steadiness) if steadiness > 0 else 0.0
    return total


class Zico(UntrainedNetworkPredictor[Architecture]):
    """ZiCo of the canonical network; dead edges have no gradient."""

    name = "zico"
    accelerated = True
    settings_type = ZicoSettings
    options: ZicoSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.images_needed = self.options.batch_size * self.options.batches

    def measure(self, architecture: Architecture) -> float:
        """Return the summed log inverse coefficient of variation."""
        network = self.network(architecture)
        return zico(network, self.inputs, self.labels, self.options.batches)
