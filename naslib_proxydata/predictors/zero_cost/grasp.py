"""GraSP: how much removing connections would hurt the gradient flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    weight_gradients,
)
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor


def grasp(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Sum the products of weights with the Hessian-gradient product, negated.

    S = sum -(H g) * theta, with g = dL/d theta and H the Hessian, over the weights theta of
    convolutions and linear layers (arXiv 2002.07376, section 4; summed as in arXiv 2101.08134,
    eq. 1, at temperature 1). H g is the derivative of g . stop(g), from one forward pass.

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).
    """
    pairs = weight_gradients(network, inputs, labels, create_graph=True)
    weights = [weight for weight, _ in pairs]
    # One factor is held fixed: the derivative of g . g would be 2 H g.
    flow = torch.stack([(gradient.detach() * gradient).sum() for _, gradient in pairs]).sum()
    products = torch.autograd.grad(flow, weights, allow_unused=True)
    return -ordered_sum(
        float((weight.detach() * product).sum())
        for weight, product in zip(weights, products, strict=True)
        if product is not None
    )


class Grasp(UntrainedNetworkPredictor[Architecture]):
    """GraSP of the canonical network; dead edges have no gradient flow."""

    name = "grasp"
    settings_type = BatchSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the summed gradient-flow score."""
        network = self.network(architecture)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.requires_grad_(False)  # its scale and shift are no weights of the sum
        accelerate(network, twice=True)
        return grasp(network, self.inputs, self.labels)
