"""Epsinas: how differently two constant weights map the images (arXiv 2302.04406)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from pydantic import Field, field_validator

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor, nn


class EpsinasSettings(BatchSettings):
    """Options of epsinas.

    Attributes:
        batch_size: Number of images; 256 in the authors' program.
        weights: The two values that all weights take in turn; in the authors' program 1e-7 and 1
            for NAS-Bench-201, and 1e-4 and 10 for NAS-Bench-101.
    """

    batch_size: int = Field(256, ge=2)
    weights: tuple[float, float] = (1e-7, 1.0)

    @field_validator("weights")
    @classmethod
    def _differ(cls, weights: tuple[float, float]) -> tuple[float, float]:
        if weights[0] == weights[1]:
            raise ValueError(f"expected two different numbers, got {weights}")
        return weights


@torch.no_grad()
def constant_outputs(network: nn.Module, inputs: Tensor, weight: float) -> Tensor:
    """Return the logits of a network whose weights are all one number and whose biases are 0.

    The weights of normalisations are among them.

    Args:
        network: In train mode; its weights are overwritten.
        inputs: Shape (n, channels, h, w).
        weight: The number.

    Returns:
        Shape (n * classes,).
    """
    for name, parameter in network.named_parameters():
        parameter.fill_(0 if name.endswith("bias") else weight)
    logits: Tensor = network(inputs)
    return logits.flatten()


def epsilon(first: Tensor, second: Tensor) -> float:
    """Return the mean absolute difference of two outputs, divided by their mean.

    Both are scaled to [0, 1] first, y = (x - min x) / (max x - min x); then
    epsilon = mean |y_1 - y_2| / mean(y_1, y_2) (arXiv 2302.04406, section 3). Zeros count as
    missing, as in the authors' program. nan where the numbers of one output are all equal.

    Args:
        first: Output with the one weight, shape (count,).
        second: Output with the other, in the same order.
    """
    scaled = torch.stack([first, second])
    scaled = scaled - scaled.amin(1, keepdim=True)
    scaled = scaled / scaled.amax(1, keepdim=True)
    scaled = scaled.where(scaled != 0, math.nan)
    return float((scaled[0] - scaled[1]).abs().nanmean() / scaled.nanmean())


class Epsinas(UntrainedNetworkPredictor[Architecture]):
    """Epsinas of the canonical network, in double precision.

    In single precision, that of the authors' program, the outputs of small weights are all 0 where
    nothing passes from input to output without a convolution, and the score is no number; the
    published Spearman correlation on NAS-Bench-201, CIFAR-10 .87, leaves those cells out (2,957
    of 5,000 remain: notebooks of the authors' program). Both precisions agree on the others.
    """

    name = "epsinas"
    settings_type = EpsinasSettings
    options: EpsinasSettings

    def measure(self, architecture: Architecture) -> Score:
        """Return the difference between the two outputs."""
        network = self.network(architecture, torch.float64)
        inputs = self.inputs.double()
        outputs = [constant_outputs(network, inputs, one) for one in self.options.weights]
        for weight, output in zip(self.options.weights, outputs, strict=True):
            if float(output.min()) == float(output.max()):
                return Score(math.nan, f"with all weights {weight:g} all outputs are equal")
        return Score(epsilon(*outputs))
