"""The settings of a search, with DARTS' published values as defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from naslib_proxydata.schema import Settings


class SearchSettings(Settings):
    """How a one-shot search trains (defaults: arXiv 1806.09055, section 3 and its release)."""

    epochs: int = Field(50, ge=1, description="number of epochs")
    batch_size: int = Field(64, ge=2, description="examples in a batch of either level")
    weights_lr: float = Field(
        0.025, gt=0, description="learning rate of the network's weights at the first epoch"
    )
    weights_lr_min: float = Field(
        0.001, ge=0, description="what the cosine schedule would reach after the last epoch"
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of the weights' SGD")
    nesterov: bool = Field(False, description="whether that momentum is Nesterov's")
    weight_decay: float = Field(3e-4, ge=0, description="weight decay of the network's weights")
    clip: float = Field(5.0, gt=0, description="largest norm of the weights' gradient")
    architecture_lr: float = Field(
        3e-4, gt=0, description="learning rate of the architecture parameters' Adam"
    )
    architecture_beta: float = Field(
        0.5, ge=0, lt=1, description="first beta of that Adam; the second is 0.999"
    )
    architecture_epsilon: float = Field(1e-8, gt=0, description="epsilon of that Adam")
    architecture_decay: float = Field(
        1e-3, ge=0, description="weight decay of the architecture parameters"
    )
    epoch_of: Literal["longer", "weights"] = Field(
        "longer",
        description="level whose examples make an epoch: the longer one, the other being repeated, "
        "or the weights, as in DARTS' own loop, which then may not reach all architecture examples",
    )
    warm_up: int = Field(
        0, ge=0, description="first epochs in which the architecture parameters stay as they are"
    )
    image_reduction: int = Field(
        1, ge=1, description="images are averaged over squares of so many pixels (EcoNAS)"
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="what the network computes in; weights and alpha stay float32"
    )
    seed: int = Field(0, description="seed of everything random")
    device: str = Field("cpu", description="a torch device string")
