"""What the loss of one batch says of an untrained network: one network, one pass, three proxies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
    weighted_layers,
)
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor

GRADIENT_NORM, SENSITIVITY = "gradient norm", "sensitivity"
SALIENCIES = {"weight": "saliency by weight", "channel": "saliency by channel"}


def loss_gradients(network: nn.Module, inputs: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the sums that grad-norm, snip and fisher are, from one pass forwards and back.

    Of the mean cross-entropy L, over the convolutions and linear layers l with weights theta_l and
    outputs a_l that it depends on:

    - gradient norm: sum_l || dL / d theta_l ||_2 (arXiv 2101.08134, section 3.2);
    - sensitivity: sum |dL / d theta * theta| over all weights (arXiv 1810.02340, section 4, without
      its normalisation; summed as in arXiv 2101.08134, eq. 1). The derivative by a mask c at c = 1
      equals theta dL / d theta, so that no masks are needed;
    - saliency: sum over channels c of 1/2 mean_n (sum_ij a_ncij dL / da_ncij)^2 (arXiv 1906.04113,
      Fisher potential; arXiv 2101.08134, section 3.2), counted once by channel, or once by weight
      that feeds the channel.

    Args:
        network: In train mode, from inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).
    """
    seen: list[tuple[Any, Tensor]] = []
    with hooked(weighted_layers(network), lambda layer, _, out: seen.append((layer, out))):
        loss = functional.cross_entropy(network(inputs), labels)
    weights = [layer.weight for layer in weighted_layers(network)]
    wanted = [*weights, *(output for _, output in seen)]
    # Weights that the loss does not depend on, as those of dead edges, have no gradient.
    gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    by_weight, by_output = gradients[: len(weights)], gradients[len(weights) :]
    pairs = [(w, g) for w, g in zip(weights, by_weight, strict=True) if g is not None]
    saliencies = [
        (layer.weight[0].numel(), float(channel_saliencies(output.detach(), gradient).sum()))
        for (layer, output), gradient in zip(seen, by_output, strict=True)
        if gradient is not None
    ]
    return {
        GRADIENT_NORM: ordered_sum(float(gradient.norm()) for _, gradient in pairs),
        SENSITIVITY: ordered_sum(float((w.detach() * g).abs().sum()) for w, g in pairs),
        SALIENCIES["weight"]: ordered_sum(count * saliency for count, saliency in saliencies),
        SALIENCIES["channel"]: ordered_sum(saliency for _, saliency in saliencies),
    }


def channel_saliencies(output: Tensor, gradient: Tensor) -> Tensor:
    """Return 1/2 mean_n (sum_ij a_ncij g_ncij)^2 of outputs a (n, channels, ...): (channels,)."""
    products = output * gradient
    sums = products.reshape(*products.shape[:2], -1).sum(2)  # n x c
    return sums.square().mean(0) / 2


class LossGradients(UntrainedNetworkPredictor[Architecture]):
    """The gradient norm, with all that :func:`loss_gradients` returns as details.

    Of the canonical network: dead edges have no gradient. grad-norm, snip and fisher are made of
    its scores, which are computed and stored once for all of them.
    """

    name = "loss-gradients"
    accelerated = True
    settings_type = BatchSettings

    def generator(self, purpose: str) -> torch.Generator:
        """Return a generator that is the same for every architecture.

        It is seeded as that of snip was when it had a network of its own: another text would draw
        other weights, and give other scores.
        """
        return torch_generator(self.task.seed, "snip", purpose)

    def measure(self, architecture: Architecture) -> Score:
        """Return the gradient norm, and the other sums."""
        found = loss_gradients(self.network(architecture), self.inputs, self.labels)
        return Score(found[GRADIENT_NORM], details=found)


class OfLossGradients(LossGradients[Architecture]):
    """One of the sums of :func:`loss_gradients`.

    Attributes:
        detail: Which one.
    """

    detail: str
    options: BatchSettings

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the predictor that computes all of them."""
        return {LossGradients.name: {"batch_size": self.options.batch_size}}

    def combine(self, parts: Mapping[str, Score]) -> Score:
        """Take the sum out of the details; a network that failed there has none."""
        whole = parts[LossGradients.name]
        if self.detail not in whole.details:
            return whole
        value = float(whole.details[self.detail])
        if math.isfinite(value):
            return Score(value, seconds=whole.seconds)
        return Score(math.nan, f"the proxy is {value}", whole.seconds)

    def measure(self, architecture: Architecture) -> Score:
        """Compute all of them and return the one."""
        return self.combine({LossGradients.name: super().measure(architecture)})
