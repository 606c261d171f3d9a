"""How a scorer's model is trained."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from naslib_proxydata.schema import Settings


class Recipe(Settings):
    """Settings of a training run; the defaults are those of arXiv 2106.04784's release.

    Attributes:
        epochs: Passes over the dataset.
        batch_size: Examples in a batch.
        learning_rate: The highest learning rate of SGD.
        momentum: Momentum of SGD.
        nesterov: Whether the momentum is Nesterov's.
        weight_decay: Weight decay.
        schedule: ``step`` divides by ten after 1/2 and after 3/4 of the epochs; ``one-cycle``
            rises linearly for a fifth of the run and falls to zero along a cosine.
        augment: Mirror images, and random crops after padding by an eighth of the side (4 of 32).
    """

    epochs: int = Field(200, ge=1)
    batch_size: int = Field(128, ge=2)
    learning_rate: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(1e-4, ge=0)
    schedule: Literal["step", "one-cycle"] = "step"
    augment: bool = True

    @property
    def early_epoch(self) -> int:
        """The epoch whose model gives EL2N scores: a tenth of the run, but ten epochs at least.

        That is 20 of the paper's 200, and 10 of the quick 15: a model that has learnt nothing
        yet tells little of its examples.
        """
        return max(round(self.epochs / 10), min(10, self.epochs))

    def rate(self, progress: float) -> float:
        """Return the learning rate at a share of the run from 0 to 1."""
        if self.schedule == "step":
            return self.learning_rate * 0.1 ** ((progress >= 0.5) + (progress >= 0.75))
        rise = 0.2
        if progress < rise:
            return self.learning_rate * progress / rise
        return self.learning_rate * (1 + math.cos(math.pi * (progress - rise) / (1 - rise))) / 2


PAPER = Recipe()
"""200 epochs, rate 0.1, divided by ten at 100 and 150."""

QUICK = Recipe(epochs=15, learning_rate=0.2, nesterov=True, weight_decay=5e-4, schedule="one-cycle")
"""15 epochs: minutes on a CPU for 10,000 images of CIFAR's size."""
