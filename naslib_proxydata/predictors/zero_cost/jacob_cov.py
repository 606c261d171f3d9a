"""Jacobian covariance: how differently the network's slopes react to the images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.predictors.zero_cost.untrained import BatchSettings, UntrainedNetworkPredictor
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

_K = 1e-5  # keeps the logarithm and the reciprocal finite, as in the paper


def input_jacobian(network: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
    """Differentiate the summed logits by the images; shape (n, channels * h * w).

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
    """
    network.requires_grad_(False)
    images = inputs.detach().requires_grad_()
    (jacobian,) = torch.autograd.grad(network(images).sum(), images)
    return jacobian.flatten(1).double().cpu().numpy()


def jacob_cov(network: nn.Module, inputs: Tensor) -> float:
    """Score the eigenvalues of the correlation of the images' Jacobians.

    S = -sum_i [log(v_i + k) + 1 / (v_i + k)], k = 1e-5, with v_i the eigenvalues of the
    correlation matrix between the rows of the Jacobian (arXiv 2006.04647v1, section 3;
    "jacob_cov" of arXiv 2101.08134). The matrix is symmetric, so that its eigenvalues are real.

    Returns:
        The score; nan where some image has a constant Jacobian.
    """
    jacobian = input_jacobian(network, inputs)
    if (jacobian.std(axis=1) == 0).any():
        return float("nan")
    # Rounding makes some of the smallest slightly negative; below -k there is no logarithm.
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(jacobian)).clip(min=0)
    return float(-np.sum(np.log(eigenvalues + _K) + 1 / (eigenvalues + _K)))


class JacobCov(UntrainedNetworkPredictor[Architecture]):
    """Jacobian covariance of the canonical network; dead edges have no slope."""

    name = "jacob-cov"
    accelerated = True
    settings_type = BatchSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the score of the Jacobian's correlations."""
        return jacob_cov(self.network(architecture), self.inputs)
