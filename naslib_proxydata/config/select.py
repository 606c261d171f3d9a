"""What ``naslib-proxydata select`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import Choice, Named, OptionalChoice
from naslib_proxydata.runs.settings import RunConfig, listed


class SelectConfig(RunConfig):
    """Everything ``naslib-proxydata select`` can be told."""

    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.IMMATERIAL,
        "data_root",
        "cache",
        "plot",
        "save_scores",
    )

    dataset: str = Field(
        "digits", description="What is chosen from: NAME, NAME:PATH, FILE, FOLDER, ..."
    )
    image_size: int | None = Field(
        None,
        ge=1,
        description="Side in pixels to which a folder's images are resized and cropped; null "
        "squashes those of another size than the first.",
    )
    skip_damaged: bool = Field(
        False, description="Leave out a folder's images that cannot be read, and list them."
    )
    selector: Choice = Field(Named(name="random"), description="The selector with its options.")
    size: int | None = Field(None, ge=1, description="Number of examples.")
    fraction: float | None = Field(
        None, gt=0, le=1, description="Share of the dataset, rounded down, where no size is given."
    )
    split: Annotated[tuple[float, float], BeforeValidator(listed)] = Field(
        (0.5, 0.5), description="Shares that train the weights and the architecture."
    )
    scores: Path | None = Field(
        None, description="A score file to use; null to compute what the selector needs."
    )
    save_scores: bool = Field(False, description="Keep the scores or features as scores.npz.")
    scorer: OptionalChoice = Field(
        None, description="The scorer with its options; null for the selector's own."
    )
    batch_size: int | None = Field(
        None, ge=2, description="Examples that the scorer's model is shown at a time; null: 500."
    )
    model: str = Field("", description="The scorer's model; empty for the scorer's own.")
    quick: bool = Field(False, description="Train the scorer's model for 15 epochs, not 200.")
    cache: Path | None = Field(
        None, description="Folder of trained models and scores; $NASLIB_PROXYDATA_CACHE if null."
    )
    plot: bool = Field(False, description="Draw scores and classes.")
    out: Path = Field(Path("runs/select"), description="The run folder.")

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.size is None) == (self.fraction is None):
            raise ValueError("give either size or fraction")
        return self

    @model_validator(mode="after")
    def _a_folder(self) -> Self:
        if self.out.suffix == ".npz":
            raise ValueError(
                f"out is a run folder, got the file {self.out}; the selection will be "
                f"{self.out.with_suffix('') / 'selection.npz'} with out {self.out.with_suffix('')}"
            )
        return self
