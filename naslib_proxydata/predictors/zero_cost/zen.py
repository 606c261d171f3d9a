"""Zen-score: how expressive the features are, corrected for what batch norm hides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import nn

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
    place,
    weighted_layers,
)
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.spaces.common.trunk import Trunk


class ZenSettings(BatchSettings):
    """Options of zen.

    Attributes:
        batch_size: Number of Gaussian inputs of a repetition.
        repeats: Number of repetitions, each with new weights and inputs, that are averaged;
            ranks hardly change with more than one.
        alpha: Size of the perturbation.
    """

    batch_size: int = Field(16, ge=2)
    repeats: int = Field(1, ge=1)
    alpha: float = Field(0.01, gt=0)


@torch.no_grad()
def draw_gaussian(network: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight from N(0, 1) and set biases to zero (arXiv 2102.01063, algorithm 1)."""
    for layer in weighted_layers(network):
        weight = torch.empty(layer.weight.shape).normal_(generator=generator)
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.zero_()


@torch.no_grad()
def zen(trunk: Trunk, inputs: Tensor, noise: Tensor, alpha: float) -> float:
    """Return the Zen-score for one draw of weights and inputs.

    Z = log E || f(x) - f(x + alpha eps) ||_F + sum_l log sqrt(mean_c sigma_lc^2), with f the
    features before the global pooling and sigma_lc^2 the variance by channel that batch norm l
    divides by (arXiv 2102.01063, algorithm 1). The authors' program takes the L1 norm instead
    of the Frobenius norm.

    Args:
        trunk: In train mode, weights Gaussian.
        inputs: x, shape (n, channels, h, w).
        noise: eps, same shape.
        alpha: Size of the perturbation.
    """
    scales: list[float] = []

    def record(_: nn.Module, arguments: tuple[Tensor, ...], __: Tensor) -> None:
        # Without correction: in train mode batch norm divides by the biased variance.
        variance = arguments[0].var((0, 2, 3), correction=0).mean()
        scales.append(0.5 * math.log(float(variance)))

    norms = [module for module in trunk.modules() if isinstance(module, nn.BatchNorm2d)]
    with hooked(norms, record):
        features = trunk(inputs)[0]
    perturbed = trunk(inputs + alpha * noise)[0]
    distance = float((features - perturbed).flatten(1).norm(dim=1).mean())
    return math.log(distance) + ordered_sum(scales) if distance > 0 else -math.inf


class Zen(UntrainedNetworkPredictor[Architecture]):
    """Zen-score of the canonical trunk on Gaussian inputs.

    A dead edge's batch norm would add its log-variance although nothing depends on it; the
    canonical trunk has none.
    """

    name = "zen"
    settings_type = ZenSettings
    options: ZenSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.images_needed = 0  # inputs are Gaussian

    def measure(self, architecture: Architecture) -> float:
        """Return the mean Zen-score of the repetitions."""
        generator = self.generator("weights and inputs")
        shape = self.input_shape(self.options.batch_size)
        trunk = self.task.space.trunk(architecture, generator, in_channels=shape[1])
        place(trunk, self.task.device).train()
        total = 0.0
        for _ in range(self.options.repeats):
            draw_gaussian(trunk, generator)
            inputs = self.on_device(torch.randn(shape, generator=generator))
            noise = self.on_device(torch.randn(shape, generator=generator))
            total += zen(trunk, inputs, noise, self.options.alpha)
        return total / self.options.repeats
