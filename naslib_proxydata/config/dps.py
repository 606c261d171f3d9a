"""What ``naslib-proxydata dps`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import IMAGES, ImageSize
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.settings import RunConfig


class DpsConfig(RunConfig, EvolutionSettings):
    """Everything ``naslib-proxydata dps`` can be told."""

    MAY_GROW: ClassVar[tuple[str, ...]] = ("cycles",)

    benchmark: str = Field("nb201", description="The benchmark whose values are the labels.")
    dataset: str | None = Field(None, description="Its dataset; null for the first.")
    metric: str | None = Field(None, description="Its metric; null for the dataset's default.")
    labels: int = Field(20, ge=FEWEST_LABELS, description="Architectures drawn and labelled.")
    label_seed: int = Field(0, description="Seed of that draw.")
    label_table: Path | None = Field(
        None, description="CSV file of labelled architectures, instead of benchmark and labels."
    )
    space: str | None = Field(None, description="The search space of label_table.")
    shared: dict[str, Any] = Field(
        {}, description="Options of eproxy that all proxies have, such as batch or mac_reference."
    )
    images: str = Field("photos", description=IMAGES)
    image_size: ImageSize = None
    out: Path = Field(Path("runs/dps"), description="The run folder.")

    @model_validator(mode="after")
    def _one_source_of_labels(self) -> Self:
        if (self.label_table is None) != (self.space is None):
            raise ValueError("label_table and space belong together; a benchmark has its own space")
        return self
