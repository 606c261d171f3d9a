"""Executors by name: a new one is a file of this folder, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SerializeAsAny

from naslib_proxydata.errors import ConfigError, shown, unknown_name
from naslib_proxydata.runs.machines.dask import Dask
from naslib_proxydata.runs.machines.processes import Processes
from naslib_proxydata.runs.machines.ray import Ray
from naslib_proxydata.runs.machines.settings import ExecutorSettings
from naslib_proxydata.runs.machines.slurm import Slurm
from naslib_proxydata.schema import Settings

EXECUTORS: Mapping[str, type[ExecutorSettings]] = {
    "processes": Processes,
    "dask": Dask,
    "slurm": Slurm,
    "ray": Ray,
}
"""The settings of each executor, by its name."""


def chosen(given: Any) -> ExecutorSettings:
    """Return the executor that a text such as ``dask:tcp://host:8786``, or a mapping, stands for.

    Raises:
        ValueError: There is none of that name, or an option does not fit.
    """
    if isinstance(given, ExecutorSettings):
        return given
    options = _options(given)
    name: str = options["name"]
    if name not in EXECUTORS:
        raise ValueError(unknown_name("executor", name, EXECUTORS))
    try:
        return EXECUTORS[name].parse(options, f"executor {name!r}")
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _options(given: Any) -> dict[str, Any]:
    """Return the keys, the name among them."""
    if isinstance(given, Mapping):
        if not isinstance(given.get("name"), str):
            raise ValueError(
                f"got the options {', '.join(map(str, given))} without an executor's name; say "
                "which by --executor NAME, or by the key executor.name"
            )
        return dict(given)
    if not isinstance(given, str):
        raise ValueError(f"expected a name, or a name with options, got {shown(given)}")
    name, colon, rest = given.partition(":")
    if not colon or name not in EXECUTORS:
        return {"name": name}
    key = EXECUTORS[name].COLON
    if not key:
        raise ValueError(
            f"{name} takes nothing after a colon, got {shown(rest)}; its options are "
            f"{', '.join(one for one in EXECUTORS[name].model_fields if one != 'name') or 'none'}"
        )
    return {"name": name, key: rest}


class ExecutorFields(Settings):
    """Where the calls of a command run.

    Attributes:
        DEVICE_ELSEWHERE: Whether the command itself computes nothing on the device, so that it may
            be started on a machine that has none.
    """

    DEVICE_ELSEWHERE: ClassVar[bool] = False

    executor: Annotated[SerializeAsAny[ExecutorSettings], BeforeValidator(chosen)] = Field(
        default_factory=partial(Processes, name="processes"),
        description="Where scores, trainings and searches are computed: 'processes' of this "
        "machine, 'dask:ADDRESS', 'slurm', 'ray:ADDRESS', or {name: slurm, partition: gpu}.",
    )
