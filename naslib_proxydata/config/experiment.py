"""What an experiment file holds, and what ``naslib-proxydata experiment`` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.resolve import read_yaml
from naslib_proxydata.errors import shown
from naslib_proxydata.runs.machines.named import ExecutorFields
from naslib_proxydata.runs.settings import RunConfig, listed
from naslib_proxydata.schema import Settings

CURVE = "curve over "
"""How the figure over a dimension is named; the dimension's name follows."""
TRAJECTORIES, STRENGTHS, COSTS = "trajectories", "strengths", "costs"
OPERATIONS = "operations"
FIGURES = (TRAJECTORIES, STRENGTHS, OPERATIONS, COSTS)
OWN_KEYS = (
    *("out", "overwrite", "seed", "device", "threads", "workers", "data_root"),
    *("plugin", "no_plugin", "executor"),
)
"""Keys of a search or a selection that the experiment sets."""
OF_A_TRAINING = ("architecture", "random", *(key for key in OWN_KEYS if key != "seed"))
"""Keys of a training that the experiment sets."""
OF_A_SELECTION = ("selector", "size", "fraction", "split", "keep_architecture", "save_scores")
"""Keys of a selection that scores have no use for, since they are of all examples."""


def _text_keys(value: Any) -> Any:
    """Let labels be numbers, as the sizes of a dimension are."""
    if not isinstance(value, dict):
        return value
    keys = [str(key) if isinstance(key, int | float) else key for key in value]
    return dict(zip(keys, value.values(), strict=True))


def _without_own_keys(value: Any) -> Any:
    """Refuse the keys that the experiment sets."""
    if not isinstance(value, dict):
        return value
    for key in OWN_KEYS:
        if key in value:
            raise ValueError(
                f"{key} is set for the whole experiment, so it is no key here; take it out"
            )
    return value


def _without_selection(value: Any) -> Any:
    """Refuse what says which examples are chosen, and what the experiment sets but the seed."""
    if not isinstance(value, dict):
        return value
    for key in (*OF_A_SELECTION, "scores"):
        if key in value:
            raise ValueError(
                f"scores are made of all examples, so {key} is no key here; take it out"
            )
    _without_own_keys({key: one for key, one in value.items() if key != "seed"})
    return value


def _without_trained(value: Any) -> Any:
    """Refuse what says what is trained, and what the experiment sets but the seeds."""
    if isinstance(value, dict):
        for key in OF_A_TRAINING:
            if key in value:
                raise ValueError(
                    f"{key} is set by the experiment, so it is no key of a training; take it out"
                )
    return value


Keys = Annotated[dict[str, Any], BeforeValidator(_without_own_keys)]
ScoringKeys = Annotated[dict[str, Any], BeforeValidator(_without_selection)]
ScoresByName = Annotated[dict[str, ScoringKeys], BeforeValidator(_text_keys)]
TrainKeys = Annotated[dict[str, Any], BeforeValidator(_without_trained)]
MaybeKeys = Annotated[dict[str, Any] | None, BeforeValidator(_without_own_keys)]
SeedList = Annotated[tuple[int, ...], BeforeValidator(listed)]
Labels = Annotated[tuple[str, ...], BeforeValidator(listed)]


class Change(Settings):
    """What a row, or a level of a dimension, changes of the shared configuration."""

    search: Keys = Field({}, description="Keys of `search`.")
    select: MaybeKeys = Field({}, description="Keys of `select`; null for no selection.")
    train: TrainKeys = Field({}, description="Keys of `train`.")


Changes = Annotated[dict[str, Change], BeforeValidator(_text_keys)]
Grid = Annotated[dict[str, Changes], BeforeValidator(_text_keys)]


class Scale(Change):
    """One size at which the experiment is run."""

    seeds: SeedList = Field((0,), min_length=1, description="Seeds of each row.")
    scores: ScoresByName = Field({}, description="By name, what it changes of `scores`.")
    grid: Grid = Field(
        {}, description="By dimension and label, what it changes of levels of the grid."
    )


class Column(Settings):
    """What is looked up for the cell that a search found."""

    dataset: str = Field(description="Dataset of the benchmark.")
    metric: str = Field(description="Metric of it.")
    over_random: int = Field(
        0,
        ge=0,
        description="Where above 0, the relative improvement over the mean of so many random "
        "architectures of its table, in percent, in place of the value (arXiv 2006.13314: 30).",
    )
    trained: bool = Field(
        False,
        description="Whether it is what the cell reaches when it is trained, as `train` says, and "
        "not what a table holds; `dataset` and `metric` are then only what it is called.",
    )

    @property
    def name(self) -> str:
        """The column's name in tables."""
        return f"{self.dataset} {self.metric}" + (" over random" if self.over_random else "")

    @property
    def published(self) -> tuple[str, str]:
        """Dataset and metric under which published figures of it stand."""
        return self.dataset, "relative_improvement" if self.over_random else self.metric


class PublishedFile(Settings):
    """Where the published figures are."""

    file: Path = Field(description="A CSV file, by its path from the experiment file.")
    experiment: str = Field(description="Which lines of it.")
    rows: Annotated[dict[str, str], BeforeValidator(_text_keys)] = Field(
        {}, description="By label of a row here, the published row where that is called otherwise."
    )


class Summarise(Settings):
    """A further table over one dimension."""

    by: str = Field(description="The dimension whose levels are its rows.")


class ExperimentFile(Settings):
    """Everything an experiment file can hold."""

    title: str = Field("", description="What tables and figures are headed by.")
    source: str = Field("", description="Where it was published: arXiv id, table or figure.")
    published: PublishedFile | None = Field(
        None,
        description="The published figures: `file` (CSV, from this file), `experiment`, and `rows` "
        "where their labels are others.",
    )
    reference: str | None = Field(
        None, description="The row of whose seconds and examples the others' are a share."
    )
    search: Keys = Field({}, description="Keys of `search` that all rows share.")
    select: MaybeKeys = Field(
        None, description="Keys of `select`; each search then trains on the selection of its seed."
    )
    scores: ScoresByName = Field(
        {},
        description="By name, keys of `select` by which scores of all examples are made before the "
        "searches; a pruner whose option `scores` is such a name goes by them.",
    )
    train: TrainKeys = Field(
        {},
        description="Keys of `train`, by which each found cell is trained for columns that are "
        "`trained`; `seed` may be several, whose mean counts.",
    )
    rows: Changes = Field({}, description="By label, what a row changes.")
    grid: Grid = Field(
        {}, description="By dimension and label; the rows are the product of the dimensions."
    )
    summarise: Summarise | None = Field(
        None, description="`by`: a dimension; average and best over all others make a table."
    )
    columns: tuple[Column, ...] = Field(
        (), description="What is looked up for the found cells: `dataset` and `metric` each."
    )
    scales: dict[str, Scale] = Field(
        {}, description="By name (`paper`, `quick`): `seeds`, and what it changes of the shared."
    )
    figures: Labels = Field(
        (),
        description="`trajectories`, `strengths`, `operations`, `costs`, `curve over DIMENSION`.",
    )
    notes: str = Field("", description="Text under the tables.")

    @model_validator(mode="after")
    def _rows_or_grid(self) -> Self:
        if self.rows and self.grid:
            raise ValueError("give rows or grid, not both")
        for name, levels in self.grid.items():
            if not levels:
                raise ValueError(f"grid.{name} has no levels; give at least one label")
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        """Refuse dimensions and figures that there are none of."""
        if self.summarise is not None and self.summarise.by not in self.grid:
            raise ValueError(_no_dimension("summarise.by", self.summarise.by, self.grid))
        for figure in self.figures:
            name = figure.removeprefix(CURVE)
            if figure in FIGURES or (figure.startswith(CURVE) and name in self.grid):
                continue
            if figure.startswith(CURVE):
                raise ValueError(_no_dimension("figures", name, self.grid))
            raise ValueError(
                f"figures: there is no {shown(figure)}; known are {', '.join(FIGURES)} and "
                f"'{CURVE}DIMENSION'"
            )
        for figure in self.figures:
            if figure not in (TRAJECTORIES, STRENGTHS, OPERATIONS) and not self.columns:
                raise ValueError(f"figures: {figure!r} shows the first of columns; give columns")
        return self


class ExperimentConfig(RunConfig, ExecutorFields):
    """Everything ``naslib-proxydata experiment`` can be told."""

    # Each search has a folder of its own, which refuses another configuration.
    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *RunConfig.model_fields,
        *ExecutorFields.model_fields,
        *("file", "scale", "rows", "dataset", "search", "select", "scores", "train"),
    )

    file: Path = Field(Path("experiment.yaml"), description="The experiment file.")
    scale: str | None = Field(
        None, description="Which of its scales; null for `quick`, or the only one."
    )
    seed: SeedList = Field(  # type: ignore[assignment]
        (), description="Seeds of each row; empty for the scale's."
    )
    rows: Labels = Field((), description="Only these rows, by label or folder; empty for all.")
    dataset: str | None = Field(
        None, description="What is searched on and selected from, in place of the file's dataset."
    )
    search: Keys = Field({}, description="Keys of `search`, which win over the file's.")
    select: Keys = Field({}, description="Keys of `select`, which win over the file's.")
    scores: ScoresByName = Field(
        {}, description="By name, keys of `scores`, which win over the file's."
    )
    train: TrainKeys = Field({}, description="Keys of `train`, which win over the file's.")
    out: Path = Field(Path("runs/experiment"), description="The folder of the experiment.")


def read_experiment(file: Path) -> ExperimentFile:
    """Read an experiment file.

    Raises:
        ConfigError: It cannot be read, a key is unknown (the closest is named) or a value wrong.
    """
    return ExperimentFile.parse(read_yaml(file), f"experiment {file}")


def _no_dimension(key: str, name: str, grid: dict[str, Any]) -> str:
    known = ", ".join(grid) or "none, since there is no grid"
    return f"{key}: there is no dimension {shown(name)}; known: {known}"
