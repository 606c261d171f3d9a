"""NASWOT: how differently the ReLUs of the network code the images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import Field
from torch import nn

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class NaswotSettings(BatchSettings):
    """Options of naswot.

    Attributes:
        batch_size: Number of images; 128 in the paper.
    """

    batch_size: int = Field(128, ge=2)


@torch.no_grad()
def code_kernel(network: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
    """Count, for every pair of images, the ReLU units that agree on them.

    K_ij = N_A - d_H(c_i, c_j), with c_i the binary code of image i (unit > 0 or not), N_A the
    number of units and d_H the Hamming distance (arXiv 2006.04647, section 3). With codes in
    {0, 1} and s_i = |c_i|, a layer contributes N - s_i - s_j + 2 c_i . c_j: one product.

    Args:
        network: In train mode; its ``nn.ReLU`` and ``nn.ReLU6`` modules have the units.
        inputs: Shape (n, channels, h, w).

    Returns:
        Shape (n, n), exact integers.
    """
    count = len(inputs)
    kernel = torch.zeros(count, count, dtype=torch.float64, device=inputs.device)

    def add(_: nn.Module, arguments: tuple[Tensor, ...], __: Tensor) -> None:
        # The order of units does not matter; this one copies nothing in channels-last memory.
        codes = (arguments[0] > 0).movedim(1, -1).flatten(1).to(torch.float32)  # n x units
        ones = codes.sum(1)  # exact in single precision: whole numbers below 2^24
        kernel.add_(2 * (codes @ codes.T) - ones[:, None] - ones + codes.shape[1])

    relus = [one for one in network.modules() if isinstance(one, nn.ReLU | nn.ReLU6)]
    with hooked(relus, add):
        network(inputs)
    return kernel.cpu().numpy()


def naswot(network: nn.Module, inputs: Tensor) -> float:
    """Return log |det K| of the code kernel (arXiv 2006.04647, section 3); -inf if singular."""
    sign, logarithm = np.linalg.slogdet(code_kernel(network, inputs))
    return float(logarithm) if sign > 0 else -math.inf


class Naswot(UntrainedNetworkPredictor[Architecture]):
    """NASWOT of the network as published.

    ReLUs of dead edges code images too, and both the authors' program and the scores that
    NASLib publishes count them: this predictor sees the raw network.
    """

    name = "naswot"
    sees = "raw"
    accelerated = True
    settings_type = NaswotSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the log-determinant of the code kernel."""
        return naswot(self.network(architecture), self.inputs)
