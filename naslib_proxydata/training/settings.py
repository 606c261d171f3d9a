"""The settings of a training, with those of NAS-Bench-201's table as defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.runs.settings import listed
from naslib_proxydata.schema import Settings


class TrainingSettings(Settings):
    """How a network is trained (defaults: arXiv 2001.00326, table 1)."""

    epochs: int = Field(200, ge=1, description="number of epochs")
    batch_size: int = Field(256, ge=2, description="examples in a batch")
    optimizer: Literal["sgd", "rmsprop", "adam"] = Field(
        "sgd", description="sgd, rmsprop as TensorFlow has it, or adam with decoupled decay"
    )
    learning_rate: float = Field(0.1, gt=0, description="learning rate after the warm-up")
    learning_rate_min: float = Field(0.0, ge=0, description="what the cosine schedule ends at")
    schedule: Literal["cosine", "step", "exponential", "linear", "constant"] = Field(
        "cosine", description="how the learning rate falls"
    )
    decay: float = Field(
        0.1, gt=0, le=1, description="factor of the step and exponential schedules"
    )
    milestones: Annotated[tuple[int, ...], BeforeValidator(listed)] = Field(
        (), description="epochs after which the step schedule multiplies by that factor"
    )
    decay_epochs: float = Field(
        1.0, gt=0, description="epochs between two factors of the exponential schedule"
    )
    update: Literal["epoch", "step"] = Field(
        "step", description="whether the learning rate changes every epoch or every batch"
    )
    warm_up: float = Field(
        0.0, ge=0, description="first epochs, in which the learning rate rises linearly"
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of sgd and rmsprop")
    nesterov: bool = Field(True, description="whether sgd's momentum is Nesterov's")
    average_decay: float = Field(
        0.9, ge=0, lt=1, description="rmsprop: decay of the mean of squared gradients"
    )
    epsilon: float | None = Field(
        None, gt=0, description="of rmsprop or adam; null for 1e-3 and 1e-8"
    )
    weight_decay: float = Field(5e-4, ge=0, description="weight decay")
    decay_norms: bool = Field(
        True, description="whether biases and normalisations have weight decay, too"
    )
    clip: float | None = Field(None, gt=0, description="largest norm of the gradient; null for any")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of a label that is spread over all classes"
    )
    drop_path: float = Field(
        0.0, ge=0, lt=1, description="share of paths dropped in the last epoch, rising from none"
    )
    auxiliary: float = Field(
        0.0, ge=0, description="weight of the second classifier's loss; 0 for no such classifier"
    )
    padding: int = Field(4, ge=0, description="zeros around an image before it is cropped")
    flip: bool = Field(True, description="whether images are mirrored with probability 1/2")
    cutout: int = Field(0, ge=0, description="side of a square that is taken out of each image")
    resized_crop: tuple[float, float] | None = Field(
        None, description="smallest and largest share of an image that is cropped and resized"
    )
    crop_size: int | None = Field(
        None,
        ge=8,
        description="pixels of a resized crop, and of the middle that is looked at in tests; null "
        "for all of the image",
    )
    average: float = Field(
        0.0, ge=0, lt=1, description="decay of the weights' moving average; 0 for none"
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="what the network computes in; weights stay float32"
    )
    seed: int = Field(0, description="seed of everything random")
    device: str = Field("cpu", description="a torch device string")

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.warm_up >= self.epochs:
            raise ValueError(
                f"warm_up {self.warm_up:g} is as long as the training of {self.epochs} epochs; "
                "give more epochs or a shorter one"
            )
        if self.resized_crop is not None:
            low, high = self.resized_crop
            if not 0 < low <= high <= 1:
                raise ValueError(
                    f"resized_crop must be two shares, 0 < low <= high <= 1, got {low:g}, {high:g}"
                )
        if self.crop_size is not None and self.resized_crop is None:
            raise ValueError(f"crop_size {self.crop_size} is of a resized crop; give resized_crop")
        if self.nesterov and self.optimizer == "sgd" and self.momentum == 0:
            raise ValueError("nesterov needs momentum; set one of them otherwise")
        return self
