"""How a configuration is put together.

Precedence, lowest first: defaults, environment, a recipe, ``--config FILE``, options,
``--set a.b=v``.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BeforeValidator

from naslib_proxydata.errors import ConfigError, printable, shown
from naslib_proxydata.runs.recipes import Recipe, with_recipe
from naslib_proxydata.runs.settings import DATA_VARIABLE
from naslib_proxydata.schema import Settings
from naslib_proxydata.yaml_text import parse_yaml, read_yaml_file

Config = TypeVar("Config", bound=Settings)


def resolve(
    schema: type[Config],
    file: Path | None = None,
    options: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> Config:
    """Put a configuration together and validate it.

    Args:
        schema: The command's schema.
        file: The YAML file of ``--config``.
        options: Command-line options by key, nested ones joined by dots; None stands for not
            given.
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
    recipes: Mapping[str, Recipe] = getattr(schema, "RECIPES", {})
    if recipes:
        values = _above_recipe(values, options or {}, assignments, recipes)
    for key, value in (options or {}).items():
        if value is not None:
            _put(schema, values, key.split("."), value, f"option {key}")
    for assignment in assignments:
        _assign(schema, values, assignment)
    return schema.parse(values, f"configuration {file}" if file else "configuration")


def _above_recipe(
    values: Mapping[str, Any],
    options: Mapping[str, Any],
    assignments: Sequence[str],
    recipes: Mapping[str, Recipe],
) -> dict[str, Any]:
    """Return the values of the file with those of the recipe that is named last below them.

    Options of what a recipe names, such as ``--set strategy.criterion=1``, find it there.
    """
    named = [values.get("recipe"), options.get("recipe")]
    for assignment in assignments:
        key, _, text = assignment.partition("=")
        if key.strip() == "recipe":
            named.append(text.strip())
    last = next((name for name in reversed(named) if isinstance(name, str)), None)
    return dict(values) if last is None else with_recipe(last, {**values, "recipe": last}, recipes)


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    values = read_yaml_file(file, "the configuration")
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
        raise ConfigError(f"--set takes key=value or key.key=value, got {shown(assignment)}")
    where = printable(f"--set {path.strip()}")
    _put(schema, values, keys, parse_yaml(text, f"{where}: the value {shown(text)}"), where)


def _put(
    schema: type[Settings], values: dict[str, Any], keys: list[str], value: Any, where: str
) -> None:
    """Put a value under nested keys, making mappings on the way."""
    if len(keys) == 1:
        values[keys[0]] = value
        return
    inner = values[keys[0]] = _as_mapping(schema, values, keys[0], where)
    for key in keys[1:-1]:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{where}: {shown(key)} has a value already and takes no keys")
    inner[keys[-1]] = value


def _as_mapping(
    schema: type[Settings], values: Mapping[str, Any], key: str, where: str
) -> dict[str, Any]:
    """Return the value of a key, or its default, in the form that has keys of its own.

    Lists of names become mappings, so that ``predictors.eproxy.barrier`` finds its place, and a
    bare name becomes ``{name: ...}``, so that ``pruner.period`` does.
    """
    field = schema.model_fields.get(key)
    value = copy.deepcopy(values.get(key))
    if value is None:
        value = field.get_default(call_default_factory=True) if field is not None else {}
    try:
        for validator in field.metadata if field is not None else ():
            if isinstance(validator, BeforeValidator):
                value = validator.func(value)  # type: ignore[call-arg]
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    if isinstance(value, Settings):
        value = value.model_dump(mode="json", exclude_unset=True)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {shown(key)} has a value already and takes no keys")
    return value
