"""Fields of the commands that read benchmark tables: which rows, and columns of one's own."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.runs.settings import listed
from naslib_proxydata.schema import Settings

ALL = "all"
"""The whole of a search space, as a subset of it."""


def _subset(value: Any) -> Any:
    return None if value == ALL else value


class TableFields(Settings):
    """What is taken from tables; None stands for not given, so that older runs go on."""

    cells: Annotated[str | None, BeforeValidator(_subset)] = Field(
        None,
        description="The subset of the search space that counts, such as 'clean' of nb201; "
        "null or 'all' for all of it.",
    )
    lower_is_better: Annotated[tuple[str, ...] | None, BeforeValidator(listed)] = Field(
        None, description="Columns of csv: benchmarks whose lowest values are the best."
    )
    table_sha256: dict[str, str] | None = Field(
        None, description="SHA-256 of each csv: benchmark, filled in; another file is refused."
    )

    @model_validator(mode="after")
    def _labels_have_the_same_best(self) -> Self:
        if self.lower_is_better and getattr(self, "label_table", None):
            raise ValueError(
                "the values of label_table count as higher is better, and those of "
                f"{', '.join(self.lower_is_better)} as lower is better; let labels be drawn from "
                "the csv: file instead (labels)"
            )
        return self

    @property
    def subset(self) -> str:
        """Name of the subset of the space that counts."""
        return self.cells or ALL
