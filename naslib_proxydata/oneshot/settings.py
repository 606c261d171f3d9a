"""The settings of a search, with DARTS' published values as defaults."""

from __future__ import annotations

from pydantic import Field

from naslib_proxydata.schema import Settings


class SearchSettings(Settings):
    """How a one-shot search trains (defaults: arXiv 1806.09055, section 3 and its release).

    Attributes:
        epochs: Number of epochs.
        batch_size: Examples in a batch of either level.
        weights_lr: Learning rate of the network's weights at the first epoch.
        weights_lr_min: Learning rate that the cosine schedule would reach after the last epoch.
        momentum: Momentum of the weights' SGD.
        nesterov: Whether that momentum is Nesterov's.
        weight_decay: Weight decay of the network's weights.
        clip: Largest norm of the weights' gradient.
        architecture_lr: Learning rate of alpha's Adam.
        architecture_beta: First beta of that Adam; the second is 0.999.
        architecture_decay: Weight decay of alpha.
        warm_up: Number of first epochs in which alpha stays as it is.
        seed: Seed of everything random.
        device: A torch device string.
    """

    epochs: int = Field(50, ge=1)
    batch_size: int = Field(64, ge=2)
    weights_lr: float = Field(0.025, gt=0)
    weights_lr_min: float = Field(0.001, ge=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(3e-4, ge=0)
    clip: float = Field(5.0, gt=0)
    architecture_lr: float = Field(3e-4, gt=0)
    architecture_beta: float = Field(0.5, ge=0, lt=1)
    architecture_decay: float = Field(1e-3, ge=0)
    warm_up: int = Field(0, ge=0)
    seed: int = 0
    device: str = "cpu"
