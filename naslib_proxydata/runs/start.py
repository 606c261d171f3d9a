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
from naslib_proxydata.runs.executors import default_executor
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.settings import RunConfig
from naslib_proxydata.schema import Settings

Config = TypeVar("Config", bound=RunConfig)


def resolved(config: Config) -> Config:
    """Return the configuration with what depends on the machine filled in.

    Raises:
        ConfigError: There is no such device here.
        RunFolderError: The run folder cannot be written, which must not come out after hours.
    """
    out = expanded(config.out)
    check_writable(
        out, error=RunFolderError, doing="create the run folder", advice="choose another --out"
    )
    root = None if config.data_root is None else expanded(config.data_root).resolve()
    return config.model_copy(
        update={
            "device": resolved_device(config.device),
            "data_root": root,
            "plugin": tuple(expanded(file).resolve() for file in config.plugin),
            "out": out,
        }
    )


@contextmanager
def opened_folder(config: RunConfig, results: tuple[str, ...] = ()) -> Iterator[RunFolder]:
    """Give the run folder, opened for a resolved configuration and locked for the block.

    A block that ends well has left a run there: this is looked at before anybody hears of success.

    Args:
        config: It is kept in the folder.
        results: See :class:`RunFolder`.

    Raises:
        RunFolderError: See :meth:`RunFolder.open` and :meth:`RunFolder.check_in_place`.
    """
    folder = RunFolder(config.out, results, config.MAY_GROW, config.IMMATERIAL)
    kept = config.model_copy(update={"overwrite": False})  # so that its copy never deletes
    folder.open(dump_yaml(kept), overwrite=config.overwrite)
    try:
        yield folder
        folder.check_in_place()
    finally:
        folder.close()


def workers_of(config: RunConfig, executor: Executor | None) -> AbstractContextManager[Executor]:
    """Return the caller's executor, left open, or one of ``config.workers`` processes, shut.

    Raises:
        ConfigError: A time limit is set, which only workers of this package keep.
    """
    limit: float | None = getattr(config, "score_time_limit", None)
    if executor is None:
        return default_executor(config.workers, limit)
    if limit is not None:
        raise ConfigError(
            "score_time_limit is kept by this package's own workers, not by an executor of yours; "
            "leave one of them out"
        )
    return nullcontext(executor)


def dump_yaml(config: Settings) -> str:
    """Return the YAML of a configuration, which reads back into the same one."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
