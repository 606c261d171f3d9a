"""Stochastic gradient descent with momentum, as ``torch.optim.SGD`` takes its steps.

Importing torch's optimizers loads its compiler, which adds about 80 MiB to every process that
scores and is never used here.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from naslib_proxydata.kernels.descent import descend


class Sgd:
    """``v <- momentum v + (g + decay w)``, ``w <- w - learning_rate v``; v starts as the first g.

    Args:
        weights: What is trained; those without gradient are left alone.
        learning_rate: Factor of the step.
        momentum: Factor of the velocity kept from the step before.
        weight_decay: On weights of more than one dimension only.
    """

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        learning_rate: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        self.weights = list(weights)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocities: dict[int, Tensor] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Take a step and forget the gradients."""
        for index, weight in enumerate(self.weights):
            gradient = weight.grad
            if gradient is None:
                continue
            decay = self.weight_decay if weight.dim() > 1 else 0.0
            before = self._velocities.get(index)
            velocity = descend(
                weight,
                gradient,
                before,
                learning_rate=self.learning_rate,
                momentum=self.momentum,
                weight_decay=decay,
            )
            if velocity is None:
                velocity = gradient
                if decay:
                    velocity.add_(weight, alpha=decay)
                if before is not None:
                    velocity.add_(before, alpha=self.momentum)
                weight.sub_(velocity, alpha=self.learning_rate)
            self._velocities[index] = velocity
            weight.grad = None


class SteadySgd(Sgd):
    """The same up to rounding, with weights and velocities that stay where they are in memory.

    A few kernels for all weights together, and nothing that a captured graph could not repeat.
    """

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        learning_rate: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        super().__init__(weights, learning_rate, momentum, weight_decay)
        self._kept = [torch.zeros_like(weight) for weight in self.weights]

    @torch.no_grad()
    def step(self) -> None:
        """Take a step and forget the gradients."""
        weights: list[Tensor] = []
        velocities: list[Tensor] = []
        gradients: list[Tensor] = []
        for weight, velocity in zip(self.weights, self._kept, strict=True):
            if weight.grad is not None:
                weights.append(weight.data)
                velocities.append(velocity)
                gradients.append(weight.grad)
        decayed = [index for index, weight in enumerate(weights) if weight.dim() > 1]
        if self.weight_decay and decayed:
            torch._foreach_add_(
                [gradients[index] for index in decayed],
                [weights[index] for index in decayed],
                alpha=self.weight_decay,
            )
        torch._foreach_mul_(velocities, self.momentum)
        torch._foreach_add_(velocities, gradients)
        torch._foreach_add_(weights, velocities, alpha=-self.learning_rate)
        for one in self.weights:
            one.grad = None
