"""What NDS's files count in ``flops`` besides multiply-accumulates (arXiv 1905.13214).

The rules were found by comparing the files with networks built here; they explain every record
to the last unit (``benchmarks/check_tables.py``).

- Cell networks: one for every element that a ReLU or the global mean reads, k^2 for every element
  that a pooling of kernel k writes, one for every bias; and a convolution of kernel k and
  dilation 2 is counted as if it were not dilated, so with k - 1 more rows and columns in its
  output before the stride.
- AnyNet networks: five for every normalised element, one for every bias.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from naslib_proxydata.spaces.common.counting import count_macs
from naslib_proxydata.spaces.common.networks import FactorizedReduction


@torch.no_grad()
def operation_flops(operation: nn.Module, *, channels: int, image_size: int) -> int:
    """Return what an operation of a cell adds to ``flops``, multiply-accumulates included.

    Args:
        operation: On the meta device.
        channels: Number of channels of its input.
        image_size: Height and width of its input in pixels.
    """
    total = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        nonlocal total
        total += _extra(layer, inputs[0], output)

    hooks = [layer.register_forward_hook(add) for layer in operation.modules()]
    try:
        macs = count_macs(operation, in_channels=channels, image_size=image_size)
    finally:
        for hook in hooks:
            hook.remove()
    return macs + total


def _extra(layer: nn.Module, features: Tensor, output: Tensor) -> int:
    """Return what a layer adds besides its multiply-accumulates."""
    if isinstance(layer, nn.ReLU | FactorizedReduction):
        return features.numel()
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        kernel = layer.kernel_size
        assert isinstance(kernel, int)
        return output.numel() * kernel * kernel
    if isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1:
        counted = features.shape[2] + 2 * int(layer.padding[0]) - layer.kernel_size[0]
        counted = counted // layer.stride[0] + 1
        return layer.weight.numel() * (counted * counted - output.shape[2] * output.shape[2])
    return 0
