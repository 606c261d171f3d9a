"""What ``naslib-proxydata dps`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import IMAGES, ImageSize
from naslib_proxydata.config.scoring import ScoringFields
from naslib_proxydata.config.tables import TableFields
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.settings import RunConfig
from naslib_proxydata.tables.sources import own_path


class DpsConfig(RunConfig, EvolutionSettings, TableFields, ScoringFields):
    """Everything ``naslib-proxydata dps`` can be told."""

    DEVICE_ELSEWHERE: ClassVar[bool] = True
    MAY_GROW: ClassVar[tuple[str, ...]] = ("cycles",)

    benchmark: str = Field(
        "nb201", description="The benchmark whose values are the labels, by name, or csv:FILE."
    )
    dataset: str | None = Field(None, description="Its dataset, or the column; null for the first.")
    metric: str | None = Field(None, description="Its metric; null for the dataset's default.")
    labels: int = Field(20, ge=FEWEST_LABELS, description="Architectures drawn and labelled.")
    label_seed: int = Field(0, description="Seed of that draw.")
    label_table: Path | None = Field(
        None, description="CSV file of labelled architectures, instead of benchmark and labels."
    )
    space: str | None = Field(
        None, description="The search space of label_table, or of a csv: benchmark."
    )
    shared: dict[str, Any] = Field(
        {}, description="Options of eproxy that all proxies have, such as batch or mac_reference."
    )
    images: str = Field("photos", description=IMAGES)
    image_size: ImageSize = None
    out: Path = Field(Path("runs/dps"), description="The run folder.")

    @model_validator(mode="after")
    def _one_source_of_labels(self) -> Self:
        is_file = own_path(self.benchmark) is not None
        if is_file and self.label_table is not None:
            raise ValueError("labels come from label_table or from a csv: benchmark, not from both")
        if (is_file or self.label_table is not None) != (self.space is not None):
            raise ValueError(
                "label_table and space belong together, and so do a csv: benchmark and space; a "
                "published benchmark has its own space"
            )
        return self
