"""The settings that commands share which score architectures in processes of their own."""

from __future__ import annotations

from pydantic import Field

from naslib_proxydata.schema import Settings


class ScoringFields(Settings):
    """How long a score may take."""

    score_time_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Seconds after which one score of a network is given up: it counts as failed "
        "and is tried again when the run goes on. null for no limit.",
    )
