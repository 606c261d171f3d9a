"""Building networks whose initial weights come from an explicit generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

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
    network = network.to_empty(device="cpu")
    initialise(network, generator)
    return network


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
