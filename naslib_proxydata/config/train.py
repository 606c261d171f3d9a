"""What ``naslib-proxydata train`` can be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import Seeds
from naslib_proxydata.config.folders import FolderFields
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.machines.named import ExecutorFields
from naslib_proxydata.runs.recipes import Recipe, with_recipe
from naslib_proxydata.runs.settings import RunConfig, listed
from naslib_proxydata.training.recipes import RECIPES
from naslib_proxydata.training.settings import TrainingSettings

NO_VALIDATION = "none"
HELD_OUT = 0.1
"""Share of each class that is held out where neither validation nor test images are named."""


def _texts(value: Any) -> Any:
    """Turn one text into a list of one: architectures have commas in them."""
    return [value] if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """Turn a number into text: ``validation: 0.2`` of a YAML file is a share, too."""
    return str(value) if type(value) in (int, float) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Widths = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(listed)]


class TrainingFields(FolderFields):
    """How networks are trained, and on what: what ``train`` and the queries of ``evolve`` share."""

    recipe: str | None = Field(
        None,
        description="A published training by its name, below everything that is said here; see "
        "'list recipes'.",
    )
    dataset: str = Field(
        "digits", description="The labelled images to train on: NAME, NAME:PATH, FILE, FOLDER, ..."
    )
    validation: Annotated[str | None, BeforeValidator(_text)] = Field(
        None,
        description="Images to look at after every epoch: a source, the share of the training "
        f"images that is held out, or none. Null: {HELD_OUT:g} where there is no test, else none.",
    )
    test: str | None = Field(
        None, description="Images to look at once, at the end: a source; null for none."
    )
    selection: Path | None = Field(
        None, description="Train on these examples: a run folder of 'select', or its .npz file."
    )
    channels: Widths = Field(
        (), description="Channels of the first cells, several widths one by one; none: the space's."
    )
    cells: int | None = Field(
        None, ge=1, description="Cells (nb201: of a stage); null for the space's."
    )
    training: dict[str, Any] = Field(
        {},
        description="Epochs, batch size, learning rate and the like: "
        + ", ".join(TrainingSettings.model_fields)
        + ".",
    )
    device_data: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Keep all images on the device: always, never, or on a GPU of which they take "
        "at most a quarter of the free memory.",
    )
    cudnn_benchmark: bool = Field(
        False, description="Let cuDNN take the fastest convolutions, others from run to run."
    )
    deterministic: bool = Field(
        False, description="Use only algorithms that give the same numbers every time; slower."
    )

    @field_validator("training")
    @classmethod
    def _known(cls, given: dict[str, Any]) -> dict[str, Any]:
        for key in ("seed", "device"):
            if key in given:
                raise ValueError(f"{key} is a key of the run, not of its training")
        try:
            TrainingSettings.parse(given, "training")
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return given

    @field_validator("validation")
    @classmethod
    def _share_in_range(cls, given: str | None) -> str | None:
        share = _number(given)
        if share is not None and not 0 < share < 1:
            raise ValueError(f"a share held out must be between 0 and 1, got {given}")
        return given

    @property
    def held_out(self) -> float | None:
        """Share of the training images that is held out for validation; None for none."""
        if self.validation is None:
            return HELD_OUT if self.test is None else None
        return _number(self.validation)

    @property
    def validation_source(self) -> str | None:
        """Where the validation images come from, if they have a source of their own."""
        if self.validation in (None, NO_VALIDATION) or _number(self.validation) is not None:
            return None
        return self.validation


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


class QueryFields(TrainingFields):
    """How ``evolve`` trains what it queries; space and seed of a recipe are left out."""

    seed: Seeds = Field((0,), description="Seeds; the mean of their accuracies is the value.")

    @model_validator(mode="before")
    @classmethod
    def _above_its_recipe(cls, given: Any) -> Any:
        name = given.get("recipe") if isinstance(given, Mapping) else None
        if not isinstance(name, str):
            return given
        try:
            values = with_recipe(name, given, RECIPES)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        own = ("space", "seed")
        return {key: one for key, one in values.items() if key not in own or key in given}

    @property
    def held_out(self) -> float | None:
        """Share of the training images that is held out for validation, which chooses."""
        return HELD_OUT if self.validation is None else _number(self.validation)

    @model_validator(mode="after")
    def _of_one_width(self) -> Self:
        if self.validation == NO_VALIDATION:
            raise ValueError(
                "validation: a search chooses by validation accuracy, got none; leave it out, or "
                "give a share or a source"
            )
        if len(self.channels) > 1:
            raise ValueError(
                f"channels: networks that are compared have one width, got {list(self.channels)}"
            )
        return self


class TrainConfig(TrainingFields, RunConfig, ExecutorFields):
    """Everything ``naslib-proxydata train`` can be told."""

    DEVICE_ELSEWHERE: ClassVar[bool] = True
    RECIPES: ClassVar[Mapping[str, Recipe]] = RECIPES
    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.IMMATERIAL,
        *("device", "data_root", "device_data", "cudnn_benchmark", "deterministic"),
        "selection",  # where it lies changes nothing; the examples in it are compared
        "recipe",  # whose values stand in the other keys
    )

    space: str | None = Field(
        None, description="The search space; null for that of the run folder that is trained."
    )
    architecture: Texts = Field(
        (),
        description="What to train: texts of architectures, run folders of search or evolve, CSV "
        "files with a column 'architecture'.",
    )
    random: int = Field(
        0,
        ge=0,
        description="So many random architectures of the space are trained, too, for the relative "
        "improvement over their mean.",
    )
    seed: Seeds = Field(  # type: ignore[assignment]
        (0,), description="Seeds; each trains every network anew."
    )
    out: Path = Field(Path("runs/train"), description="The run folder.")
