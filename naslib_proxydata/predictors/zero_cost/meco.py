"""MeCo: how little the channels of each layer repeat each other (NeurIPS 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from naslib_proxydata.predictors.zero_cost.untrained import UntrainedNetworkPredictor, layer_values
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor, nn


class MecoSettings(Settings):
    """Meco has no options: the paper uses one image."""


def smallest_correlation_eigenvalue(rows: Tensor) -> float:
    """Return the smallest eigenvalue of the channels' Pearson correlation matrix.

    The correlations of a channel that does not vary, also that with itself, are 0, as in the
    authors' program.

    Args:
        rows: Shape (channels, positions).
    """
    centred = rows.double() - rows.double().mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    unit = torch.where(norms > 0, centred / norms, 0)
    return float(torch.linalg.eigvalsh(unit @ unit.T)[0])


def meco(network: nn.Module, inputs: Tensor) -> float:
    """Sum the smallest eigenvalues of the layers' correlation matrices.

    S = sum_l lambda_min(P(f_l)), with f_l the features of one image after layer l and P the
    Pearson correlations of their channels (MeCo, NeurIPS 2023, section 3).

    Args:
        network: In train mode.
        inputs: One image, shape (1, channels, h, w).
    """
    return ordered_sum(layer_values(network, inputs, smallest_correlation_eigenvalue))


class Meco(UntrainedNetworkPredictor[Architecture]):
    """MeCo of the canonical network on one Gaussian image.

    The authors' program hooks every module, containers too, so that a feature map counts as often
    as modules are nested around it; here each layer counts once. Published Spearman correlation on
    all of NAS-Bench-201: CIFAR-10 .89 (abstract).
    """

    name = "meco"
    settings_type = MecoSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the summed eigenvalues."""
        inputs = torch.randn(self.one_image_shape(), generator=self.generator("input"))
        return meco(self.network(architecture), self.on_device(inputs))
