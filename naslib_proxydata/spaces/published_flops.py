"""The ``flops`` that NDS's files carry, from multiply-accumulates (arXiv 1905.13214).

The files' counts include more than convolutions and linear layers. What they include was found
by comparing them with networks built here; it explains every record to the last unit
(``benchmarks/check_tables.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from naslib_proxydata.spaces.counting import count_macs
from naslib_proxydata.spaces.networks import FactorizedReduction
from naslib_proxydata.spaces.trunk import Trunk

NORM_COST = 5
Extra = Callable[[nn.Module, Tensor, Any], int]
"""What a layer costs besides its multiply-accumulates, from its input and output."""


def cell_flops(network: nn.Module, image_size: int) -> int:
    """Return a cell network's count.

    One for every element that a ReLU or the global mean reads, k^2 for every element that a
    pooling of kernel k writes, one for every bias; and a convolution of kernel k and dilation 2
    is counted as if its output had k - 1 more rows and columns before the stride.

    Args:
        network: On the meta device.
        image_size: Height and width in pixels.
    """
    return _count(network, image_size, _cell_extra)


def anynet_flops(network: nn.Module, image_size: int) -> int:
    """Return an AnyNet network's count: five for every normalised element, one for every bias.

    Args:
        network: On the meta device.
        image_size: Height and width in pixels.
    """
    return _count(network, image_size, _anynet_extra)


def _cell_extra(layer: nn.Module, features: Tensor, output: Any) -> int:
    if isinstance(layer, nn.ReLU | FactorizedReduction):
        return features.numel()
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        return int(output.numel()) * int(layer.kernel_size) ** 2  # type: ignore[arg-type]
    if isinstance(layer, Trunk):
        return int(output[0].numel())
    if isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1:
        counted = (
            features.shape[2] + 2 * int(layer.padding[0]) - layer.kernel_size[0]
        ) // layer.stride[0] + 1
        return layer.weight.numel() * int(counted * counted - output.shape[2] * output.shape[2])
    return layer.out_features if isinstance(layer, nn.Linear) else 0


def _anynet_extra(layer: nn.Module, features: Tensor, output: Any) -> int:
    if isinstance(layer, nn.BatchNorm2d):
        return NORM_COST * int(output.numel())
    return layer.out_features if isinstance(layer, nn.Linear) else 0


@torch.no_grad()
def _count(network: nn.Module, image_size: int, extra: Extra) -> int:
    total = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        nonlocal total
        total += extra(layer, inputs[0], output)

    hooks = [layer.register_forward_hook(add) for layer in network.modules()]
    try:
        macs = count_macs(network, in_channels=3, image_size=image_size)
    finally:
        for hook in hooks:
            hook.remove()
    return macs + total
