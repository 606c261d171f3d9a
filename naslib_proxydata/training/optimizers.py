"""The optimizer that a training's settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from naslib_proxydata.training.rmsprop import RmsProp

if TYPE_CHECKING:
    from torch import nn

    from naslib_proxydata.training.settings import TrainingSettings


def make_optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Return an optimizer of all parameters of a network that are trained."""
    groups = parameter_groups(network, settings)
    rate = settings.learning_rate
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            groups, lr=rate, momentum=settings.momentum, nesterov=settings.nesterov
        )
    if settings.optimizer == "rmsprop":
        return RmsProp(
            groups,
            lr=rate,
            decay=settings.average_decay,
            momentum=settings.momentum,
            eps=settings.epsilon or 1e-3,
        )
    return torch.optim.AdamW(groups, lr=rate, eps=settings.epsilon or 1e-8)


def parameter_groups(network: nn.Module, settings: TrainingSettings) -> list[dict[str, Any]]:
    """Return the trained parameters with their weight decay: all, or weights of two dimensions."""
    trained = [one for one in network.parameters() if one.requires_grad]
    if settings.decay_norms:
        return [{"params": trained, "weight_decay": settings.weight_decay}]
    weights = [one for one in trained if one.ndim > 1]
    others = [one for one in trained if one.ndim <= 1]
    return [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
