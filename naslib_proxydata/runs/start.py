"""What every run does first: settle where it runs, open its folder, get workers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

import yaml

from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.files import check_writable, expanded
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.machines.processes import Processes
from naslib_proxydata.runs.machines.settings import ExecutorSettings, Work
from naslib_proxydata.runs.settings import RunConfig
from naslib_proxydata.schema import Settings

Config = TypeVar("Config", bound=RunConfig)

_PLAIN = (bool, int, float, str, type(None))


def resolved(config: Config) -> Config:
    """Return the configuration with what depends on the machine filled in.

    Raises:
        ConfigError: There is no such device here, or the executor cannot be reached.
        RunFolderError: The run folder cannot be written, which must not come out after hours.
    """
    out = expanded(config.out)
    check_writable(
        out, error=RunFolderError, doing="create the run folder", advice="choose another --out"
    )
    executor_of(config).check()
    root = None if config.data_root is None else expanded(config.data_root).resolve()
    return config.model_copy(
        update={
            "device": _device(config),
            "data_root": root,
            "plugin": tuple(expanded(file).resolve() for file in config.plugin),
            "out": out,
        }
    )


def _device(config: RunConfig) -> str:
    """Return the device; one that is named for other machines need not be here."""
    named = config.device != "auto" and not executor_of(config).LOCAL
    if named and getattr(config, "DEVICE_ELSEWHERE", False):
        return config.device
    return resolved_device(config.device)


def executor_of(config: RunConfig) -> ExecutorSettings:
    """Return where calls are computed: processes of this machine, where a command knows no other.

    Args:
        config: Of the run.
    """
    executor: ExecutorSettings = getattr(config, "executor", Processes(name="processes"))
    return executor


@contextmanager
def opened_folder(
    config: RunConfig, results: tuple[str, ...] = (), adopts: tuple[str, ...] = ()
) -> Iterator[RunFolder]:
    """Give the run folder, opened for a resolved configuration and locked for the block.

    A block that ends well has left a run there: this is looked at before anybody hears of success.

    Args:
        config: It is kept in the folder.
        results: See :class:`RunFolder`.
        adopts: The same.

    Raises:
        RunFolderError: See :meth:`RunFolder.open` and :meth:`RunFolder.check_in_place`.
    """
    folder = folder_of(config, results, adopts)
    folder.open(_kept(config), overwrite=config.overwrite)
    try:
        yield folder
        folder.check_in_place()
    finally:
        folder.close()


def holds_run(config: RunConfig, results: tuple[str, ...]) -> bool:
    """Return whether the run folder of a resolved configuration holds a run, which must be its own.

    Args:
        config: Of the run.
        results: See :class:`RunFolder`.

    Raises:
        RunFolderError: See :meth:`RunFolder.check`.
    """
    return folder_of(config, results).check(_kept(config))


def folder_of(
    config: RunConfig, results: tuple[str, ...], adopts: tuple[str, ...] = ()
) -> RunFolder:
    """Return the folder of a resolved configuration, not opened; see :class:`RunFolder`."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in type(config).model_fields.items()
    }
    plain = {name: one for name, one in defaults.items() if isinstance(one, _PLAIN)}
    return RunFolder(config.out, results, config.MAY_GROW, config.IMMATERIAL, plain, adopts)


def _kept(config: RunConfig) -> str:
    """Return the configuration as its folder keeps it, in a copy that never deletes."""
    return dump_yaml(config.model_copy(update={"overwrite": False}))


def workers_of(config: RunConfig, executor: Executor | None) -> AbstractContextManager[Executor]:
    """Return the caller's executor, left open, or the one that is configured, shut.

    Raises:
        ConfigError: A time limit is set, which only workers of this package keep; or no worker of
            another machine answers.
    """
    limit: float | None = getattr(config, "score_time_limit", None)
    if executor is None:
        work = Work(config.workers, config.plugin, config.out, limit)
        return executor_of(config).open(work)
    if limit is not None:
        raise ConfigError(
            "score_time_limit is kept by this package's own workers, not by an executor of yours; "
            "leave one of them out"
        )
    return nullcontext(executor)


def dump_yaml(config: Settings) -> str:
    """Return the YAML of a configuration, which reads back into the same one."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
