"""What ``naslib-proxydata search`` can be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from naslib_proxydata.config.fields import JoinedOptions, OptionalChoice, Options
from naslib_proxydata.config.folders import FolderFields
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.recipes import RECIPES
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.runs.recipes import Recipe
from naslib_proxydata.runs.settings import RunConfig


class SearchConfig(RunConfig, FolderFields):
    """Everything ``naslib-proxydata search`` can be told."""

    RECIPES: ClassVar[Mapping[str, Recipe]] = RECIPES
    MAY_GROW: ClassVar[tuple[str, ...]] = ("training.epochs",)
    # Where a selection lies changes nothing; the examples in it are compared by their hash.
    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.IMMATERIAL,
        *("device", "data_root", "device_data", "cudnn_benchmark", "cuda_graphs", "deterministic"),
        "selection",
        "recipe",  # whose values stand in the other keys
    )

    recipe: str | None = Field(
        None,
        description="A published search by its name, below everything that is said here; see "
        "'list recipes'.",
    )
    space: str = Field("nb201", description="A search space that has a supernet, by name.")
    strategy: JoinedOptions = Field(
        {"darts": {}},
        min_length=1,
        description="The strategy with its options; several joined by +, such as "
        "pc-darts+beta-darts.",
    )
    dataset: str = Field(
        "digits", description="The labelled images to train on: NAME, NAME:PATH, FILE, FOLDER, ..."
    )
    architecture_dataset: str | None = Field(
        None,
        description="The images that train the architecture, of the same classes and size; "
        "selection and pruner then shrink only those of the weights. Null: part of dataset.",
    )
    selection: Path | None = Field(
        None, description="Train on these examples: a run folder of 'select', or its .npz file."
    )
    pruner: OptionalChoice = Field(
        None, description="What drops or weighs examples while the search runs, with its options."
    )
    observer: Options = Field(
        {}, description="What looks at the search while it runs: observers with their options."
    )
    training: dict[str, Any] = Field(
        {},
        description="Epochs, batch size, learning rates and the like, where they are not to be the "
        "strategy's own: " + ", ".join(SearchSettings.model_fields) + ".",
    )
    channels: int | None = Field(
        None, ge=1, description="Channels of the supernet's first cells; null for the paper's."
    )
    cells: int | None = Field(
        None, ge=1, description="Cells (nb201: of a stage); null for the paper's."
    )
    augment: bool = Field(True, description="Crop and flip training images.")
    device_data: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Keep all images on the device: always, never, or on a GPU of which they take "
        "at most a quarter of the free memory.",
    )
    cudnn_benchmark: bool = Field(
        False, description="Let cuDNN take the fastest convolutions, others from run to run."
    )
    cuda_graphs: bool = Field(
        False,
        description="On a GPU, record a step once an epoch and replay it, where the strategy "
        "decides nothing between batches; much faster.",
    )
    deterministic: bool = Field(
        False, description="Use only algorithms that give the same numbers every time; slower."
    )
    hessian_every: int = Field(
        0, ge=0, description="Epochs between estimates of the dominant Hessian eigenvalue; 0: none."
    )
    early_stop: bool = Field(
        False,
        description="Stop when the dominant Hessian eigenvalue has grown by a third within five "
        "epochs, and return the cell from before (arXiv 1909.09656, section 4.3).",
    )
    out: Path = Field(Path("runs/search"), description="The run folder.")

    @model_validator(mode="after")
    def _sees_every_eigenvalue(self) -> SearchConfig:
        if self.early_stop and self.hessian_every > 1:
            raise ValueError(
                "early_stop looks at the eigenvalue of every epoch, got hessian_every "
                f"{self.hessian_every}; leave it out"
            )
        return self

    @field_validator("deterministic")
    @classmethod
    def _of_one_mind(cls, given: bool, info: ValidationInfo) -> bool:
        if given and info.data.get("cudnn_benchmark"):
            raise ValueError(
                "cudnn_benchmark takes what is fastest at the moment, which differs from run to "
                "run; leave one of them out"
            )
        return given

    @field_validator("training")
    @classmethod
    def _known(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            SearchSettings.parse(given, "training")
        except ConfigError as error:
            raise ValueError(str(error)) from None
        for key in ("seed", "device"):
            if key in given:
                raise ValueError(f"{key} is a key of the run, not of its training")
        return given
