"""What ``naslib-proxydata search`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from naslib_proxydata.config.fields import JoinedOptions, OptionalChoice, Options
from naslib_proxydata.config.folders import FolderFields
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.runs.settings import RunConfig


class SearchConfig(RunConfig, FolderFields):
    """Everything ``naslib-proxydata search`` can be told."""

    MAY_GROW: ClassVar[tuple[str, ...]] = ("training.epochs",)
    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.IMMATERIAL,
        *("device", "data_root", "device_data", "cudnn_benchmark", "deterministic"),
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
    deterministic: bool = Field(
        False, description="Use only algorithms that give the same numbers every time; slower."
    )
    hessian_every: int = Field(
        0, ge=0, description="Epochs between estimates of the dominant Hessian eigenvalue; 0: none."
    )
    out: Path = Field(Path("runs/search"), description="The run folder.")

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
