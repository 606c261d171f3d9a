"""The steps that Eproxy trains, with nothing in them that waits for a device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.predictors.eproxy.config import EproxyConfig
from naslib_proxydata.predictors.eproxy.sgd import Sgd, SteadySgd
from naslib_proxydata.predictors.eproxy.stacked import StackedStudent
from naslib_proxydata.summation import ordered_sum


class Training:
    """SGD with momentum on the plain sum of the branches' mean squared errors.

    Args:
        student: Of one architecture, or of many; each of these trains as it would alone.
        images: Shape (n, channels, h, w).
        targets: One a branch.
        config: The settings.
        steady: Whether weights and their velocities stay where they are in memory, which a captured
            graph needs; the same up to rounding.
    """

    def __init__(
        self,
        student: nn.Module,
        images: Tensor,
        targets: Sequence[Tensor],
        config: EproxyConfig,
        *,
        steady: bool = False,
    ) -> None:
        self.student = student.train()
        self.images = images
        self.targets = targets
        self.iterations = config.iterations
        self.optimizer = (SteadySgd if steady else Sgd)(
            [weight for weight in student.parameters() if weight.requires_grad],
            config.learning_rate,
            config.momentum,
            config.weight_decay,
        )

    def errors(self) -> Tensor:
        """Return the mean squared errors, shape (branches,) or (branches, architectures)."""
        outputs = self.student(self.images)
        pairs = zip(outputs, self.targets, strict=True)
        if isinstance(self.student, StackedStudent):
            return torch.stack([(out - aim).square().flatten(1).mean(1) for out, aim in pairs])
        return torch.stack([F.mse_loss(out, aim) for out, aim in pairs])

    def step(self) -> Tensor:
        """Take a step and return the errors before it."""
        errors = self.errors()
        errors.sum().backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return errors.detach()

    @torch.no_grad()
    def last(self) -> Tensor:
        """Return the errors of the last iteration, which takes no step."""
        return self.errors()

    def run(self) -> Tensor:
        """Take all iterations and return their errors, stacked."""
        taken = [self.step() for _ in range(self.iterations - 1)]
        return torch.stack([*taken, self.last()])


def train(
    student: nn.Module, images: Tensor, targets: Sequence[Tensor], config: EproxyConfig
) -> list[float]:
    """Train a student of one architecture.

    Returns:
        ``sum_b branch_decay^b MSE_b`` before each step. The list ends early with the first
        value that is not finite. The last iteration takes no step, so it computes no gradient.
    """
    training = Training(student, images, targets, config)
    if images.device.type != "cpu":
        return losses(training.run(), config)
    taken: list[float] = []
    while len(taken) < config.iterations and all(
        map(math.isfinite, taken)
    ):  # reading costs nothing
        last = len(taken) == config.iterations - 1
        taken += losses((training.last() if last else training.step())[None], config)
    return taken


def losses(errors: Tensor, config: EproxyConfig) -> list[float]:
    """Weigh the errors of one architecture, shape (iterations, branches), read from the device.

    Returns:
        ``sum_b branch_decay^b MSE_b`` of each iteration, up to the first that is not finite.
    """
    weighed: list[float] = []
    for row in errors.tolist():
        weighed.append(ordered_sum(e * config.branch_decay**b for b, e in enumerate(row)))
        if not math.isfinite(weighed[-1]):
            break
    return weighed
