"""What ``naslib-proxydata leaderboard`` can be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import IMAGES, ImageSize, NumClasses, Options, Seeds
from naslib_proxydata.config.scoring import ScoringFields
from naslib_proxydata.config.tables import TableFields
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.runs.settings import Names, RunConfig

ALWAYS_SHOWN = ("random", "params", "macs")
"""Predictors that every leaderboard has as rows, asked for or not."""

SHOWN_WITH_LABELS = ("few-label-structure",)
"""Those that a leaderboard with labelled architectures has besides."""

PROTOCOLS: Mapping[str, Mapping[str, Any]] = {
    "eproxy-paper": {"n": 2520, "labels": 20, "draws": 1},
}
"""What a protocol sets where nothing else is said.

``eproxy-paper``: 20 labelled architectures, drawn once, and 2,500 others that are ranked (arXiv
2210.09459, its release; there the 20 may recur among the 2,500 of NAS-Bench-201, NAS-Bench-MR and
TransNAS, here they never do). Of a smaller table it is all. The metric is each table's default. The
release evaluates up to 5,000 of TransNAS: say ``n: all`` there.
"""


class LeaderboardConfig(RunConfig, TableFields, ScoringFields):
    """Everything ``naslib-proxydata leaderboard`` can be told."""

    DEVICE_ELSEWHERE: ClassVar[bool] = True
    MAY_GROW: ClassVar[tuple[str, ...]] = ("n", "draws")
    # Another metric measures the same scores anew, which costs nothing.
    IMMATERIAL: ClassVar[tuple[str, ...]] = (*RunConfig.IMMATERIAL, "metrics", "protocol")

    benchmark: Names = Field(("nb201",), description="Benchmarks, by name, or csv:FILE.")
    space: str | None = Field(
        None, description="The search space of csv: benchmarks; others have their own."
    )
    dataset: Names = Field(
        (),
        description="Datasets (tasks) of the benchmarks, or columns of csv: benchmarks; empty for "
        "the first of each table.",
    )
    suite: Names = Field(
        (),
        description="Instead of benchmark and dataset: 'paper', the tasks of tables 2 to 5 of "
        "arXiv 2210.09459; 'all', every table but those that measure noise; or a list of "
        "'benchmark:task' or 'benchmark'. What is absent is listed and skipped.",
    )
    metric: str | None = Field(
        None, description="Metric to rank against; null for the table's default of each dataset."
    )
    metrics: Options = Field(
        {"spearman": {}, "kendall": {}, "top10-retrieval": {}},
        description="What is measured of each ranking, with options, by label; each label is a "
        "column. The option 'metric' names the metric where the label is not its name. The "
        "default ones are always columns.",
    )
    predictors: Options = Field(
        {"eproxy": {}, "synflow": {}, "naswot": {}, "snip": {}, "grad-norm": {}, "zen": {}},
        description="Predictors with their options, by label; the option 'predictor' names the "
        "predictor where the label is not its name. random, params and macs are always added.",
    )
    protocol: Literal["eproxy-paper"] | None = Field(
        None,
        description="A published protocol that sets n, labels and draws where they are not said: "
        "'eproxy-paper' ranks 2,500 architectures beside 20 labelled ones, drawn once.",
    )
    n: Annotated[int, Field(ge=2)] | Literal["all"] = Field(
        100, description="Number of architectures drawn at random, or 'all'."
    )
    # A run of several seeds: rows are of one seed each.
    seed: Seeds = Field((0,), description="Seeds; each gives rows of its own.")  # type: ignore[assignment]
    sample_seed: int | None = Field(
        None, description="Seed of the draw of architectures; null for the seed itself."
    )
    labels: int = Field(
        0,
        ge=0,
        description="Number of the drawn architectures whose measured value predictors may learn "
        "from; they are not ranked. 0 for none, otherwise at least 3.",
    )
    draws: int = Field(
        20, ge=1, description="How often the labelled architectures are drawn; rows are means."
    )
    label_seed: int = Field(
        0, description="Seed of the draws of labels, which are the same for all predictors."
    )
    label_table: Path | None = Field(
        None, description="CSV file of labelled architectures to learn from, instead of draws."
    )
    images: str = Field("photos", description=IMAGES)
    image_size: ImageSize = None
    num_classes: NumClasses = None
    out: Path = Field(Path("runs/leaderboard"), description="The run folder.")

    @model_validator(mode="before")
    @classmethod
    def _protocol_fills_what_is_not_said(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not isinstance(given.get("protocol"), str):
            return given
        filled = {**PROTOCOLS.get(given["protocol"], {}), **given}
        if given.get("label_table") is not None and "labels" not in given:
            filled.pop("labels", None)  # the labels come from there
        return filled

    @model_validator(mode="after")
    def _enough_to_learn_and_to_rank(self) -> Self:
        if self.labels and self.label_table:
            raise ValueError("labels are drawn or come from label_table, not both")
        if 0 < self.labels < FEWEST_LABELS:
            raise ValueError(f"labels must be 0 or at least {FEWEST_LABELS}, got {self.labels}")
        if self.n != "all" and self.labels and self.n < self.labels + 2:
            raise ValueError(
                f"n must leave at least two architectures beside {self.labels} labelled ones, "
                f"got {self.n}"
            )
        return self
