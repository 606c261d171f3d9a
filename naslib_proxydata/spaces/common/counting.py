"""Counting parameters and multiply-accumulates without computing anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def on_meta(constructor: Callable[[], nn.Module]) -> nn.Module:
    """Construct a network without storage, so that its shapes can be read at no cost."""
    with torch.device("meta"):
        return constructor()


def count_params(network: nn.Module) -> int:
    """Return the number of trainable parameters, buffers not among them."""
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)


def count_layers(network: nn.Module) -> int:
    """Return the number of convolutions and linear layers whose weights are trained."""
    return sum(
        layer.weight.requires_grad
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    )


@torch.no_grad()
def count_macs(network: nn.Module, *, in_channels: int, image_size: int) -> int:
    """Return the multiply-accumulates of one image's forward pass.

    Convolutions count (output elements) x (weights of one filter), linear layers their weights;
    biases, normalisation, activations, pooling and additions are free, as in the published
    tables.

    Args:
        network: A network on the meta device.
        in_channels: Number of channels of the image.
        image_size: Height and width of the image in pixels.
    """
    total = 0

    def add(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        per_output = layer.weight[0].numel()
        total += output[0].numel() * per_output

    hooks = [
        layer.register_forward_hook(add)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    was_training = network.training
    try:
        network.eval()(torch.empty(1, in_channels, image_size, image_size, device="meta"))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return total
