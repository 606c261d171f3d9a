"""What ``naslib-proxydata select`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import Choice, Named, OptionalChoice
from naslib_proxydata.config.folders import FolderFields
from naslib_proxydata.runs.settings import RunConfig, listed


class SelectConfig(RunConfig, FolderFields):
    """Everything ``naslib-proxydata select`` can be told."""

    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.IMMATERIAL,
        "data_root",
        "cache",
        "plot",
        "tsne",
        "save_scores",
    )

    dataset: str | None = Field(
        None,
        description="What is chosen from: NAME, NAME:PATH, FILE, FOLDER, ...; where null, what "
        "the scores list, if it carries the classes, and digits without scores.",
    )
    selector: Choice = Field(Named(name="random"), description="The selector with its options.")
    size: int | None = Field(None, ge=1, description="Number of examples.")
    fraction: float | None = Field(
        None, gt=0, le=1, description="Share of the dataset, rounded down, where no size is given."
    )
    split: Annotated[tuple[float, float], BeforeValidator(listed)] = Field(
        (0.5, 0.5), description="Shares that train the weights and the architecture."
    )
    keep_architecture: bool = Field(
        False,
        description="Split the dataset first, choose among the weights' part and keep all of the "
        "architecture's; size and fraction are then those of the weights' part.",
    )
    scores: Path | None = Field(
        None,
        description="A score file to use; null to compute what the selector needs. A scorer "
        "named beside it says which scorer's scores it must hold.",
    )
    save_scores: bool = Field(False, description="Keep the scores or features as scores.npz.")
    scorer: OptionalChoice = Field(
        None, description="The scorer with its options; null for the selector's own."
    )
    batch_size: int | None = Field(
        None, ge=2, description="Examples that the scorer's model is shown at a time; null: 500."
    )
    model: str = Field("", description="The scorer's model; empty for the scorer's own.")
    weights: str = Field(
        "",
        description="Weights that the model is used with, untrained: DEFAULT or another name of "
        "torchvision's, or a file of a state dict.",
    )
    pretrained: bool = Field(
        False, description="Use the model with the weights that it has, and do not train it."
    )
    input_size: int | None = Field(
        None, ge=1, description="Side in pixels of what given weights are shown; null for theirs."
    )
    input_mean: Annotated[tuple[float, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Mean by channel that is subtracted for them; null for theirs."
    )
    input_std: Annotated[tuple[float, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Standard deviation by channel; null for theirs."
    )
    quick: bool = Field(False, description="Train the scorer's model for 15 epochs, not 200.")
    cache: Path | None = Field(
        None, description="Folder of trained models and scores; $NASLIB_PROXYDATA_CACHE if null."
    )
    plot: bool = Field(False, description="Draw scores and classes.")
    tsne: str | None = Field(
        None,
        description="Draw t-SNE of the features that this scorer gives, such as features or "
        "pixels, which takes a minute or more; null for none.",
    )
    out: Path = Field(Path("runs/select"), description="The run folder.")

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        both = self.size is not None and self.fraction is not None
        neither = self.size is None and self.fraction is None
        if both or (neither and not {"classes", "fraction"} & set(self.selector.options)):
            raise ValueError("give either size or fraction")
        return self

    @model_validator(mode="after")
    def _given_weights(self) -> Self:
        """Say what given weights lack, or what there is for them without any."""
        of_input = (self.input_size, self.input_mean, self.input_std)
        if not self.takes_pretrained:
            if any(value is not None for value in of_input):
                raise ValueError("input_size, input_mean and input_std need weights or pretrained")
            return self
        if not self.model:
            raise ValueError("weights and pretrained need a model, such as torchvision:resnet50")
        if self.scores is not None:
            raise ValueError("scores are given, so no weights are used; leave out one of the two")
        return self

    @property
    def takes_pretrained(self) -> bool:
        """Whether the scorer's model is used as it is, and not trained."""
        return self.pretrained or bool(self.weights)

    @model_validator(mode="after")
    def _a_folder(self) -> Self:
        if self.out.suffix == ".npz":
            raise ValueError(
                f"out is a run folder, got the file {self.out}; the selection will be "
                f"{self.out.with_suffix('') / 'selection.npz'} with out {self.out.with_suffix('')}"
            )
        return self
