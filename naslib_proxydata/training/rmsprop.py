"""RMSProp as TensorFlow has it, which differs from torch's while gradients are small."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class RmsProp(torch.optim.Optimizer):
    """RMSProp with epsilon inside the root, and a mean square that begins at 1.

    s <- d s + (1 - d) g^2, m <- mu m + lr g / sqrt(s + eps), w <- w - m (``tf.train
    .RMSPropOptimizer``, by which NAS-Bench-101 was trained with eps = 1; torch's adds epsilon to
    the root, begins with s = 0, and multiplies m by the learning rate of the moment). Weight decay
    is added to the gradient.

    Args:
        parameters: What is learnt, or groups of it.
        lr: Learning rate.
        decay: d.
        momentum: mu.
        eps: eps.
        weight_decay: What the weight is multiplied with before it is added to its gradient.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        *,
        lr: float,
        decay: float = 0.9,
        momentum: float = 0.9,
        eps: float = 1e-3,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "decay": decay,
            "momentum": momentum,
            "eps": eps,
            "weight_decay": weight_decay,
        }
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make a step; see :meth:`torch.optim.Optimizer.step`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group)
        return loss

    def _update(self, weight: Tensor, group: dict[str, Any]) -> None:
        gradient, state = weight.grad, self.state[weight]
        assert gradient is not None
        if not state:
            state["mean_square"] = torch.ones_like(weight)
            state["moved"] = torch.zeros_like(weight)
        if group["weight_decay"]:
            gradient = gradient.add(weight, alpha=group["weight_decay"])
        square, moved = state["mean_square"], state["moved"]
        square.mul_(group["decay"]).addcmul_(gradient, gradient, value=1 - group["decay"])
        moved.mul_(group["momentum"])
        moved.addcdiv_(gradient, square.add(group["eps"]).sqrt_(), value=group["lr"])
        weight.sub_(moved)
