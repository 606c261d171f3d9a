"""The settings that commands share which score architectures elsewhere than in this process."""

from __future__ import annotations

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.runs.machines.named import ExecutorFields


class ScoringFields(ExecutorFields):
    """Where a score is computed, and how long it may take."""

    score_time_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Seconds after which one score of a network is given up: it counts as failed "
        "and is tried again when the run goes on. null for no limit.",
    )

    @model_validator(mode="after")
    def _kept_by_processes(self) -> Self:
        if self.score_time_limit is not None and not self.executor.LOCAL:
            raise ValueError(
                f"score_time_limit is kept by executor 'processes' alone, not by "
                f"{self.executor.name!r}; leave one of them out"
            )
        return self
