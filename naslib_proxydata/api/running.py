"""From keyword arguments to a run, in a folder of the caller's or in none that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TypeVar

from naslib_proxydata.config import resolve
from naslib_proxydata.files import temporary_folder
from naslib_proxydata.runs.settings import RunConfig

Config = TypeVar("Config", bound=RunConfig)
Result = TypeVar("Result")


def split(
    executor: str | Mapping[str, Any] | Executor | None,
) -> tuple[str | Mapping[str, Any] | None, Executor | None]:
    """Return the key of the configuration and the object that an ``executor`` stands for.

    Args:
        executor: A name such as ``"dask:tcp://host:8786"``, a name with options, or any executor
            of the caller's, which stays open.
    """
    if executor is None or isinstance(executor, str | Mapping):
        return executor, None
    return None, executor


def run(
    function: Callable[[Config], Result],
    schema: type[Config],
    settings: Mapping[str, Any],
    out: str | Path | None,
) -> Result:
    """Validate the settings, and run in the folder ``out`` or in one that is deleted afterwards.

    Args:
        function: What is run.
        schema: Its configuration.
        settings: Keys of the configuration; None stands for not given.
        out: The run folder to keep, or None.

    Raises:
        ConfigError: A key is unknown (the closest is named) or a value is wrong.
    """
    if out is not None:
        return function(resolve(schema, None, {**settings, "out": Path(out)}))
    with temporary_folder() as folder:
        return function(resolve(schema, None, {**settings, "out": folder / "run"}))
