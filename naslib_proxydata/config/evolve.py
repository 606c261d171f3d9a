"""What ``naslib-proxydata evolve`` can be told."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import (
    IMAGES,
    Choice,
    ImageSize,
    Named,
    NumClasses,
    OptionalPredictor,
)
from naslib_proxydata.config.scoring import ScoringFields
from naslib_proxydata.config.tables import TableFields
from naslib_proxydata.config.train import QueryFields
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.settings import RunConfig


class EvolveConfig(RunConfig, TableFields, ScoringFields):
    """Everything ``naslib-proxydata evolve`` can be told."""

    MAY_GROW: ClassVar[tuple[str, ...]] = ("queries", "evaluations")

    space: str = Field("nb201", description="The search space, by name.")
    optimizer: Choice = Field(
        Named(name="re"), description="The optimizer with its options: re, random, nsga2, nao, ..."
    )
    predictor: OptionalPredictor = Field(
        None,
        description="The predictor with its options; without one the true value is the fitness.",
    )
    queries: int = Field(
        0, ge=0, description="True values to look up in the benchmark; 0 for none at all."
    )
    evaluations: int = Field(
        200, ge=1, description="Architectures that the predictor ranks, in each round."
    )
    true: Literal["table", "train"] = Field(
        "table",
        description="Where true values come from: a benchmark's table, or trainings of their own.",
    )
    train: QueryFields | None = Field(
        None, description="How what is queried is trained, as for 'train', where true is train."
    )
    labels: int | None = Field(
        None,
        ge=0,
        description="Queries spent at random before the first round, for a predictor that learns; "
        "null for a third of the queries, at most 20.",
    )
    per_round: int = Field(
        10, ge=1, description="Queries of a round, after which a predictor that learns does so."
    )
    acquisition: (
        Literal["mean", "upper_confidence_bound", "expected_improvement", "top_two_thompson"] | None
    ) = Field(
        None,
        description="What a query is worth, by what a predictor that learns expects and how "
        "surely; null for its ranking alone.",
    )
    label_table: Path | None = Field(
        None, description="CSV file of labelled architectures that a predictor learns from, too."
    )
    benchmark: str | None = Field(
        None,
        description="The benchmark to query, or csv:FILE; null for the first of the space.",
    )
    dataset: str | None = Field(None, description="Its dataset, or the column; null for the first.")
    metric: str | None = Field(None, description="Its metric; null for the dataset's default.")
    macs_low: float | None = Field(None, ge=0, description="Fewest multiply-accumulates.")
    macs_high: float | None = Field(None, gt=0, description="Most multiply-accumulates.")
    macs_image_size: int | None = Field(
        None, ge=8, description="Pixels at which they are counted; null for the space's own."
    )
    macs_num_classes: int = Field(10, ge=2, description="Classes with which they are counted.")
    images: str = Field("photos", description=IMAGES)
    image_size: ImageSize = None
    num_classes: NumClasses = None
    out: Path = Field(Path("runs/evolve"), description="The run folder.")

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_optimizer(cls, values: Any) -> Any:
        """Point to where the optimizer's options belong; it checks them itself."""
        for key in ("population", "sample", "generation"):
            if key in values:
                raise ValueError(f"{key} is an option of the optimizer; write optimizer.{key}")
        return values

    @model_validator(mode="after")
    def _queries_have_one_source(self) -> Self:
        if self.true == "table":
            if self.train is not None:
                raise ValueError("train: only what true: train queries is trained; give it, too")
            return self
        named = {"benchmark": self.benchmark, "dataset": self.dataset, "metric": self.metric}
        for key in [key for key, value in named.items() if value is not None]:
            raise ValueError(
                f"{key} is of a table, and true values are trained here; leave it out (the images "
                "are train.dataset)"
            )
        if self.queries == 0:
            raise ValueError("true: train needs queries, the number of architectures to train")
        return self

    @model_validator(mode="after")
    def _budget_makes_sense(self) -> Self:
        if (self.label_table or self.labels) and not self.predictor:
            raise ValueError("labels are for a predictor to learn from; name one")
        if self.acquisition and not self.predictor:
            raise ValueError("acquisition is of what a predictor expects; name one")
        if self.labels and not FEWEST_LABELS <= self.labels < self.queries:
            raise ValueError(
                f"labels must be 0, or at least {FEWEST_LABELS} and less than the "
                f"{self.queries} queries, got {self.labels}"
            )
        return self

    @model_validator(mode="after")
    def _limits_leave_room(self) -> Self:
        if (self.macs_low or 0.0) > (self.macs_high or math.inf):
            raise ValueError(f"macs_low {self.macs_low:g} is above macs_high {self.macs_high:g}")
        return self
