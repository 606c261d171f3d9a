"""One schema for a command's YAML file and its options, and how the two are put together.

Precedence, lowest first: defaults, environment, ``--config FILE``, options, ``--set a.b=v``.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.schema import Settings

DATA_VARIABLE = "NASLIB_PROXYDATA_DATA"
"""Environment variable that names the folder of benchmark files."""

ALWAYS_SHOWN = ("random", "params", "macs")
"""Predictors that every leaderboard has as rows, asked for or not."""

FEWEST_LABELS = 3
"""Fewer labelled architectures tell a regression nothing."""

SHOWN_WITH_LABELS = ("few-label-structure",)
"""Those that a leaderboard with labelled architectures has besides."""


def _listed(value: Any) -> Any:
    """Turn ``"a,b"`` or a single value into a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int) else value


def _named_options(value: Any) -> Any:
    """Turn ``"a,b"`` and ``[a, {b: {...}}]`` into ``{a: {}, b: {...}}``."""
    value = _listed(value)
    if isinstance(value, Mapping):
        return {name: {} if given is None else given for name, given in value.items()}
    if not isinstance(value, list | tuple):
        return value
    options: dict[str, Any] = {}
    for item in value:
        for name, given in item.items() if isinstance(item, Mapping) else [(item, None)]:
            if name in options:
                raise ValueError(f"{name!r} stands twice; give one of them another label")
            options[name] = {} if given is None else given
    return options


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_listed), Field(min_length=1)]
Options = Annotated[dict[str, dict[str, Any]], BeforeValidator(_named_options)]


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
        {"eproxy": {}, "synflow": {}, "naswot": {}, "snip": {}, "grad_norm": {}, "zen": {}},
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
    workers: int = Field(1, ge=1, description="Processes that score.")
    device: str = Field("auto", description="'auto', 'cpu', 'cuda', 'cuda:1', ...")
    data_root: Path | None = Field(
        None, description=f"Folder of benchmark files; ${DATA_VARIABLE} where not given."
    )
    images: str = Field("photos", description="Source of the images that predictors look at.")
    image_size: int | None = Field(
        None, ge=8, description="Height and width in pixels; null for the search space's own."
    )
    num_classes: int | None = Field(
        None, ge=2, description="Outputs of the networks; null for the images', at least 10."
    )
    plugin: tuple[Path, ...] = Field((), description="Python files with plugins.")
    out: Path = Field(Path("runs/leaderboard"), description="The run folder.")
    overwrite: bool = Field(False, description="Start anew in a run folder that exists.")

    @model_validator(mode="after")
    def _enough_to_learn_and_to_rank(self) -> Self:
        if 0 < self.labels < FEWEST_LABELS:
            raise ValueError(f"labels must be 0 or at least {FEWEST_LABELS}, got {self.labels}")
        if self.n != "all" and self.labels and self.n < self.labels + 2:
            raise ValueError(
                f"n must leave at least two architectures beside {self.labels} labelled ones, "
                f"got {self.n}"
            )
        return self


SCHEMAS: Mapping[str, type[Settings]] = {"leaderboard": LeaderboardConfig}
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
