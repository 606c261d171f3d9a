"""SWAP and its regularised form: how many patterns the activations make over a batch."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import nn

from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    finite,
    hooked,
    weighted_layers,
)
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.spaces.common.counting import count_params

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)

MOST_IMAGES = 62
"""Images whose pattern one whole number of 64 bits holds, its sign left alone."""

SATURATED = 0.999
"""Share of all possible patterns from which on a network is said to show nearly all."""


class SwapSettings(BatchSettings):
    """Options of swap.

    Attributes:
        batch_size: Number of images; 16 in the authors' program.
        repeats: Over how many draws of the weights the count is averaged; 32 in the authors'
            program, which scores smaller networks.
    """

    batch_size: int = Field(16, ge=2, le=MOST_IMAGES)
    repeats: int = Field(1, ge=1)


class RegSwapSettings(SwapSettings):
    """Options of reg-swap.

    Attributes:
        mu: The number of parameters, in millions, that is preferred.
        sigma: The width of the preference, in millions squared.
    """

    mu: float = Field(1.5, ge=0)
    sigma: float = Field(1.5, gt=0)


@torch.no_grad()
def gaussian_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of convolutions and linear layers from N(0, 1), with biases of 0.

    They are drawn where the generator is, and may be on another device.
    """
    for layer in weighted_layers(network):
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator))
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def distinct(codes: Tensor) -> Tensor:
    """Return every number of ``codes`` once, ascending."""
    unique: Any = torch.unique  # torch's stubs lack its types
    found: Tensor = unique(codes)
    return found


def patterns(activations: Tensor) -> Tensor:
    """Return the distinct patterns of some units over a batch, each as one whole number.

    The pattern of unit v is 1(p_v^s > 0) for the images s = 1..S (arXiv 2403.04161,
    definition 3.2); image s is bit s.

    Args:
        activations: Shape (S, ...), S at most :data:`MOST_IMAGES`.

    Returns:
        Shape (distinct patterns,), ascending.
    """
    codes = torch.zeros(activations.shape[1:], dtype=torch.int64, device=activations.device)
    for image, values in enumerate(activations):
        codes += (values > 0).to(torch.int64) << image
    return distinct(codes)


@torch.no_grad()
def swap(network: nn.Module, inputs: Tensor) -> int:
    """Count the distinct sample-wise activation patterns of a network.

    Psi = |{p^(v) : v = 1..V}| with p^(v) = (1(p_v^s > 0))_{s=1..S}, V the units of all ReLUs and
    S the images (arXiv 2403.04161, definitions 3.2 and 3.3): the units are told apart by the
    images that switch them on, where NASWOT tells the images apart by their units.

    Args:
        network: In train mode; its ``nn.ReLU`` and ``nn.ReLU6`` modules have the units.
        inputs: Shape (S, channels, h, w).

    Raises:
        ArithmeticError: The network's output is not finite.
    """
    found: list[Tensor] = []
    relus = [one for one in network.modules() if isinstance(one, nn.ReLU | nn.ReLU6)]
    with hooked(relus, lambda _, __, output: found.append(patterns(output))):
        finite(network(inputs))
    return len(distinct(torch.cat(found))) if found else 0


def log_size_factor(params: float, mu: float, sigma: float) -> float:
    """Return log f = -(params - mu)^2 / sigma (arXiv 2403.04161, definition 3.4).

    Args:
        params: Trainable parameters of the network, in millions.
        mu: What is preferred, in millions.
        sigma: The width, in millions squared.
    """
    return -((params - mu) ** 2) / sigma


class Swap(UntrainedNetworkPredictor[Architecture]):
    """SWAP-Score of the canonical network with weights from N(0, 1), as in the authors' program.

    That program scores one narrow cell of the DARTS space. Here the network is the space's own,
    whose units may show nearly all of the 2^batch_size patterns that there can be; then a warning
    says that larger networks cannot score higher. For NAS-Bench-201 no figure of the paper for the
    score without its size factor was found.
    """

    name = "swap"
    settings_type = SwapSettings
    options: SwapSettings
    saturated: bool

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Move the images to the device once, and warn anew."""
        super().prepare(task)
        self.saturated = False

    def count(self, network: nn.Module) -> float:
        """Return the mean number of patterns over draws of the weights."""
        generator = self.generator("gaussian weights")
        total = 0
        for _ in range(self.options.repeats):
            gaussian_weights(network, generator)
            total += swap(network, self.inputs)
        self._warn_of_saturation(total / self.options.repeats)
        return total / self.options.repeats

    def _warn_of_saturation(self, count: float) -> None:
        images = self.options.batch_size
        if self.saturated or count < SATURATED * 2**images:
            return
        self.saturated = True  # said once
        _log.warning(
            "%s: a network shows %.0f of the %d patterns that %d images can make, and larger "
            "networks cannot score higher; set batch_size to more, at most %d",
            self.name,
            count,
            2**images,
            images,
            MOST_IMAGES,
        )

    def measure(self, architecture: Architecture) -> Score | float:
        """Return the number of patterns."""
        return self.count(self.network(architecture))


class RegSwap(Swap[Architecture]):
    """The regularised SWAP-Score: SWAP times a Gaussian of the number of parameters.

    The score is log(Psi f) = log Psi - (params - mu)^2 / sigma, which ranks as Psi f does
    (arXiv 2403.04161, definition 3.5) and does not underflow for networks far from mu. The
    parameters are those of the scored network.

    The paper prints Spearman .90 with validation accuracies for NAS-Bench-201 on CIFAR-100
    (abstract). Which mu and sigma belong to it was not found: the released program names none, and
    the searches of the paper's tables 1 and 2 only tell that sigma equals mu. The default mu is
    the size of the largest network of NAS-Bench-201, and sigma equals it; elsewhere, set mu to the
    size that is wanted.
    """

    name = "reg-swap"
    settings_type = RegSwapSettings
    options: RegSwapSettings

    def measure(self, architecture: Architecture) -> Score:
        """Return the logarithm of the regularised count, with both factors as details."""
        network, options = self.network(architecture), self.options
        count, params = self.count(network), count_params(network) / 1e6
        log_factor = log_size_factor(params, options.mu, options.sigma)
        value = math.log(count) + log_factor if count else -math.inf
        details: dict[str, Any] = {"patterns": count, "params_millions": params}
        return Score(value, details={**details, "log_factor": log_factor})
