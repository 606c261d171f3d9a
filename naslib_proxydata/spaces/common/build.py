"""Building networks whose initial weights come from an explicit generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def build(constructor: Callable[[], Module], generator: torch.Generator) -> Module:
    """Construct a network on the CPU with torch's default initial distributions.

    The network is constructed without storage first, so that torch's own initialisation,
    which would draw from the global generator, never runs.

    Args:
        constructor: Makes the network; must not read weights.
        generator: Every weight and bias is drawn from it, in the order of ``modules()``.
    """
    with torch.device("meta"):
        network = constructor()
    _allocate(network)
    initialise(network, generator)
    return network


def _allocate(network: nn.Module) -> None:
    """Give every weight and buffer storage on the CPU, values undefined.

    ``nn.Module.to_empty`` does so too, but asks each tensor without storage for another like
    it, which torch answers in Python: several times slower, and 50 MiB of imports.
    """
    fresh: dict[Tensor, Tensor] = {}
    for module in network.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight not in fresh:
                values = torch.empty(weight.shape, dtype=weight.dtype, device="cpu")
                fresh[weight] = nn.Parameter(values, weight.requires_grad)
            setattr(module, name, fresh[weight])
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer not in fresh:
                fresh[buffer] = torch.empty(buffer.shape, dtype=buffer.dtype, device="cpu")
            setattr(module, name, fresh[buffer])


@torch.no_grad()
def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight anew: Kaiming uniform with a = sqrt(5), as torch's layers do.

    Raises:
        TypeError: A layer with parameters of its own is of a kind not known here.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
            if module.bias is not None:
                fan_in = module.weight[0].numel()
                bound = 1 / math.sqrt(fan_in)
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.reset_parameters()
        elif next(module.parameters(recurse=False), None) is not None:
            raise TypeError(f"no initialisation is known for {type(module).__name__}")
