"""NEAR: how many directions the activations of every layer spread over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from pydantic import Field
from torch import nn

from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    finite,
    hooked,
)
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor

MEASURED = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.ReLU, nn.ReLU6)
"""Modules whose outputs are measured: those with weights, and the activation functions."""


class NearSettings(BatchSettings):
    """Options of near.

    Attributes:
        batch_size: Number of images. A layer uses as many of them as make its matrix square.
        repeats: Over how many draws of weights and rows the score is averaged; 32 in the paper.
    """

    batch_size: int = Field(32, ge=2)
    repeats: int = Field(1, ge=1)


def effective_rank(matrix: Tensor) -> float:
    """Return the effective rank of a matrix, 0 if it is zero.

    erank(A) = exp(-sum_k p_k log p_k) with p_k = sigma_k / sum_i sigma_i and sigma the singular
    values (arXiv 2408.08776, equations 4 and 5).

    Args:
        matrix: Shape (rows, columns).
    """
    values = torch.linalg.svdvals(matrix.double())
    total = values.sum()
    return math.exp(float(torch.special.entr(values / total).sum())) if total > 0 else 0.0


def activation_matrix(output: Tensor, generator: torch.Generator) -> Tensor:
    """Return the square matrix that stands for a layer's output.

    A feature map's columns of pixels are rows of the matrix, its channels are columns; of the
    images that it takes to have as many rows as columns, so many contiguous rows are drawn, from
    the top of a pixel column on (arXiv 2408.08776, section 3.3 and figure A.3). Vectors are rows,
    from the first image on.

    Args:
        output: Shape (n, c) or (n, c, h, w).
        generator: Source of the choice.

    Returns:
        Shape (c, c), with fewer rows if all images together have fewer.
    """
    if output.ndim == 2:
        return output[: output.shape[1]]
    channels, height, width = output.shape[1:]
    images = output[: math.ceil(channels / (height * width))]
    rows = images.transpose(1, 3).flatten(0, 2)
    starts = max(0, len(rows) - channels) // height + 1
    start = height * int(torch.randint(starts, (1,), generator=generator))
    return rows[start : start + channels]


@torch.no_grad()
def near(network: nn.Module, inputs: Tensor, generator: torch.Generator) -> float:
    """Sum the effective ranks of all layers' outputs.

    s = sum_l erank(Z_l) + erank(H_l), Z_l the pre-activations of layer l and H_l what the
    activation function makes of them (arXiv 2408.08776, definition 3.2). As in the authors'
    program the outputs of every convolution, normalisation, linear layer and ReLU are summed,
    whatever their order.

    Args:
        network: In train mode.
        inputs: Shape (n, channels, h, w).
        generator: Source of the rows that are drawn.

    Raises:
        ArithmeticError: The network's output is not finite.
    """
    ranks: list[float] = []

    def add(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        ranks.append(effective_rank(activation_matrix(output, generator)))

    with hooked([module for module in network.modules() if isinstance(module, MEASURED)], add):
        finite(network(inputs))
    return ordered_sum(ranks)


class Near(UntrainedNetworkPredictor[Architecture]):
    """NEAR of the canonical network with torch's default initial weights.

    The paper prints, for NATS-Bench's topologies (the cells of NAS-Bench-201), Spearman .88 on
    CIFAR-10, .87 on CIFAR-100 and .84 on ImageNet16-120 (table 1), and .70 on NAS-Bench-101
    (table 3), each the mean of 32 draws.
    """

    name = "near"
    settings_type = NearSettings
    options: NearSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the mean score over the draws."""
        generator, scores = self.generator("rows"), []
        for draw in range(self.options.repeats):
            network = self.network(architecture, purpose=f"weights {draw}")
            scores.append(near(network, self.inputs, generator))
        return ordered_sum(scores) / len(scores)
