"""One schema for a command's YAML file and its options, and how the two are put together.

Precedence, lowest first: defaults, environment, ``--config FILE``, options, ``--set a.b=v``.
"""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.labels import FEWEST_LABELS
from naslib_proxydata.schema import Settings

DATA_VARIABLE = "NASLIB_PROXYDATA_DATA"
"""Environment variable that names the folder of benchmark files."""

ALWAYS_SHOWN = ("random", "params", "macs")
"""Predictors that every leaderboard has as rows, asked for or not."""

SHOWN_WITH_LABELS = ("few-label-structure",)
"""Those that a leaderboard with labelled architectures has besides."""


def _listed(value: Any) -> Any:
    """Turn ``"a,b"`` or a single value into a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int) else value


def _named_options(value: Any) -> Any:
    """Turn ``"a,b"`` and ``[a, {b: {...}}]`` into ``{a: {}, b: {...}}``.

    A label ``a:PRESET`` without options stands for predictor ``a`` with that preset.
    """
    value = _listed(value)
    if isinstance(value, Mapping):
        return {name: _with_preset(name, given) for name, given in value.items()}
    if not isinstance(value, list | tuple):
        return value
    options: dict[str, Any] = {}
    for item in value:
        for name, given in item.items() if isinstance(item, Mapping) else [(item, None)]:
            if name in options:
                raise ValueError(f"{name!r} stands twice; give one of them another label")
            options[name] = _with_preset(name, given)
    return options


def _with_preset(label: Any, given: Any) -> Any:
    """Return a predictor's options; those of a bare ``NAME:PRESET`` are name and preset."""
    if given is not None and given != {}:
        return given
    name, colon, preset = str(label).partition(":")
    return {"predictor": name, "preset": preset} if colon and preset else {}


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_listed), Field(min_length=1)]
Options = Annotated[dict[str, dict[str, Any]], BeforeValidator(_named_options)]

# What every run can be told.
Workers = Annotated[int, Field(ge=1, description="Processes that score.")]
Device = Annotated[str, Field(description="'auto', 'cpu', 'cuda', 'cuda:1', ...")]
DataRoot = Annotated[
    Path | None,
    Field(description=f"Folder of benchmark files; ${DATA_VARIABLE} where not given."),
]
ImageSize = Annotated[
    int | None,
    Field(ge=8, description="Height and width in pixels; null for the search space's own."),
]
NumClasses = Annotated[
    int | None,
    Field(ge=2, description="Outputs of the networks; null for the images', at least 10."),
]
PluginFiles = Annotated[tuple[Path, ...], Field(description="Python files with plugins.")]
Overwrite = Annotated[bool, Field(description="Start anew in a run folder that exists.")]


class LeaderboardConfig(Settings):
    """Everything ``naslib-proxydata leaderboard`` can be told."""

    benchmark: Names = Field(("nb201",), description="Benchmarks, by name.")
    dataset: Names = Field(
        (), description="Datasets (tasks) of the benchmarks; empty for the first of each table."
    )
    suite: Names = Field(
        (),
        description="Instead of benchmark and dataset: 'all', or a list of 'benchmark:task' or "
        "'benchmark'; what is absent is listed and skipped.",
    )
    metric: str | None = Field(
        None, description="Metric to rank against; null for the table's default of each dataset."
    )
    predictors: Options = Field(
        {"eproxy": {}, "synflow": {}, "naswot": {}, "snip": {}, "grad-norm": {}, "zen": {}},
        description="Predictors with their options, by label; the option 'predictor' names the "
        "predictor where the label is not its name. random, params and macs are always added.",
    )
    n: Annotated[int, Field(ge=2)] | Literal["all"] = Field(
        100, description="Number of architectures drawn at random, or 'all'."
    )
    seed: Seeds = Field((0,), description="Seeds; each gives rows of its own.")
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
    workers: Workers = 1
    device: Device = "auto"
    data_root: DataRoot = None
    images: str = Field("photos", description="Source of the images that predictors look at.")
    image_size: ImageSize = None
    num_classes: NumClasses = None
    plugin: PluginFiles = ()
    out: Path = Field(Path("runs/leaderboard"), description="The run folder.")
    overwrite: Overwrite = False

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


class SearchConfig(Settings):
    """Everything ``naslib-proxydata search --optimizer`` can be told."""

    space: str = Field("nb201", description="The search space, by name.")
    optimizer: str = Field("re", description="'random', 're' or 'nsga2'.")
    predictor: Options = Field(
        {},
        max_length=1,
        description="The predictor with its options; without one the true value is the fitness.",
    )
    queries: int = Field(
        0, ge=0, description="True values to look up in the benchmark; 0 for none at all."
    )
    evaluations: int = Field(
        200, ge=1, description="Architectures that the predictor ranks, in each round."
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
    label_table: Path | None = Field(
        None, description="CSV file of labelled architectures that a predictor learns from, too."
    )
    benchmark: str | None = Field(
        None, description="The benchmark to query; null for the first of the space."
    )
    dataset: str | None = Field(None, description="Its dataset; null for the first.")
    metric: str | None = Field(None, description="Its metric; null for the dataset's default.")
    macs_low: float | None = Field(None, ge=0, description="Fewest multiply-accumulates.")
    macs_high: float | None = Field(None, gt=0, description="Most multiply-accumulates.")
    macs_image_size: int | None = Field(
        None, ge=8, description="Pixels at which they are counted; null for the space's own."
    )
    macs_num_classes: int = Field(10, ge=2, description="Classes with which they are counted.")
    population: int = Field(50, ge=2, description="Architectures that evolution keeps.")
    sample: int = Field(10, ge=1, description="Rivals in a tournament of regularised evolution.")
    generation: int | None = Field(
        None,
        ge=1,
        description="Children before any of them is evaluated; null for 1, and with a predictor "
        "for as many as the population has.",
    )
    seed: int = Field(0, description="Seed of all that is random.")
    workers: Workers = 1
    device: Device = "auto"
    data_root: DataRoot = None
    images: str = Field("photos", description="Source of the images that predictors look at.")
    image_size: ImageSize = None
    num_classes: NumClasses = None
    plugin: PluginFiles = ()
    out: Path = Field(Path("runs/search"), description="The run folder.")
    overwrite: Overwrite = False

    @model_validator(mode="after")
    def _budget_makes_sense(self) -> Self:
        if (self.label_table or self.labels) and not self.predictor:
            raise ValueError("labels are for a predictor to learn from; name one")
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


class DpsConfig(EvolutionSettings):
    """Everything ``naslib-proxydata dps`` can be told."""

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
    seed: int = Field(0, description="Seed of the evolution and of the scores.")
    workers: Workers = 1
    device: Device = "auto"
    data_root: DataRoot = None
    images: str = Field("photos", description="Source of the images that proxies look at.")
    image_size: ImageSize = None
    plugin: PluginFiles = ()
    out: Path = Field(Path("runs/dps"), description="The run folder.")
    overwrite: Overwrite = False

    @model_validator(mode="after")
    def _one_source_of_labels(self) -> Self:
        if (self.label_table is None) != (self.space is None):
            raise ValueError("label_table and space belong together; a benchmark has its own space")
        return self


SCHEMAS: Mapping[str, type[Settings]] = {
    "leaderboard": LeaderboardConfig,
    "search": SearchConfig,
    "dps": DpsConfig,
}
"""The schema of each command's YAML file."""

Config = TypeVar("Config", bound=Settings)


def resolve(
    schema: type[Config],
    file: Path | None = None,
    options: Mapping[str, Any] | None = None,
    assignments: Iterable[str] = (),
) -> Config:
    """Put a configuration together and validate it.

    Args:
        schema: The command's schema.
        file: The YAML file of ``--config``.
        options: Command-line options by key; None stands for not given.
        assignments: The texts ``a.b=v`` of ``--set``, v read as YAML.

    Raises:
        ConfigError: The file, a key or a value is wrong.
    """
    values: dict[str, Any] = {}
    folder = os.environ.get(DATA_VARIABLE)
    if folder and "data_root" in schema.model_fields:
        values["data_root"] = folder
    if file is not None:
        values.update(read_yaml(file))
    values.update({key: value for key, value in (options or {}).items() if value is not None})
    for assignment in assignments:
        _assign(schema, values, assignment)
    return schema.parse(values, f"configuration {file}" if file else "configuration")


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {file}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"{file} must hold keys with values, got {type(values).__name__}")
    return values


def _assign(schema: type[Settings], values: dict[str, Any], assignment: str) -> None:
    """Carry out one ``a.b=v`` on the values put together so far."""
    path, equals, text = assignment.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"--set takes key=value or key.key=value, got {assignment!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {path}: the value {text!r} is not YAML") from None
    if len(keys) == 1:
        values[keys[0]] = value
        return
    head = keys[0]
    if head not in values and head in schema.model_fields:
        values[head] = schema.model_fields[head].get_default()
    # Lists of names become mappings first, so that "predictors.eproxy.barrier" finds its place.
    try:
        inner = _named_options(copy.deepcopy(values.get(head, {})))
    except ValueError as error:
        raise ConfigError(f"--set {path}: {error}") from None
    if not isinstance(inner, dict):
        raise ConfigError(f"--set {path}: {head!r} has a value already and takes no keys")
    values[head] = inner
    for key in keys[1:-1]:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {path}: {key!r} has a value already and takes no keys")
    inner[keys[-1]] = value


def dump_yaml(config: Settings) -> str:
    """Return the YAML that :func:`resolve` reads back into the same configuration."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
