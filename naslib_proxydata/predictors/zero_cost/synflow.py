"""SynFlow: how much signal every weight of the linearised network passes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from naslib_proxydata.predictors.zero_cost.untrained import (
    UntrainedNetworkPredictor,
    hooked,
    weighted_layers,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor


@torch.no_grad()
def linearise(network: nn.Module) -> None:
    """Change the network in place: |theta| for every weight, no batch norm.

    Batch norm is left out as in arXiv 2101.08134; the original evaluates it in eval mode, where
    at initialisation it is the identity up to its epsilon.
    """
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm2d | nn.BatchNorm1d):
                setattr(parent, name, nn.Identity())
    for parameter in network.parameters():
        parameter.requires_grad_(False).abs_()


def synflow(network: nn.Module, shape: tuple[int, int, int]) -> float:
    """Return the logarithm of the summed synaptic flow of a network, linearised in place.

    S = sum theta * dR/d theta with R = 1^T f(1; |theta|), over the weights of convolutions and
    linear layers (arXiv 2006.05467, algorithm 1). A layer's output y is linear in its weights,
    hence sum theta * dR/d theta = sum (y - bias) * dR/dy by Euler's theorem: the gradients of
    the weights, a third of the cost, are never computed.

    Args:
        network: From images to outputs, in double precision: flows overflow single precision.
        shape: (channels, h, w) of the all-ones image.

    Returns:
        log S, which ranks as S does; -inf where nothing flows, +inf where S overflows.
    """
    flows: list[tuple[Any, Tensor]] = []
    linearise(network)
    like = next(network.parameters())
    ones = torch.ones(1, *shape, dtype=like.dtype, device=like.device, requires_grad=True)
    with hooked(weighted_layers(network), lambda layer, _, out: flows.append((layer, out))):
        total = network(ones).sum()
    gradients = torch.autograd.grad(total, [output for _, output in flows], allow_unused=True)
    flow = 0.0
    for (layer, output), gradient in zip(flows, gradients, strict=True):
        if gradient is not None:
            flow += float((_without_bias(layer, output.detach()) * gradient).sum())
    return math.log(flow) if flow > 0 else -math.inf


def _without_bias(layer: nn.Conv2d | nn.Linear, output: Tensor) -> Tensor:
    """Return the part of a layer's output that is linear in its weights."""
    if layer.bias is None:
        return output
    return output - layer.bias.view(-1, *[1] * (output.ndim - 2))


class Synflow(UntrainedNetworkPredictor[Architecture]):
    """SynFlow of the canonical network; nothing flows through dead edges."""

    name = "synflow"

    def measure(self, architecture: Architecture) -> float:
        """Return the logarithm of the synaptic flow; no image is looked at."""
        return synflow(self.network(architecture, torch.float64), self.input_shape(1)[1:])
