"""What every run does before it scores: settle where it runs, open its folder, get workers."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from naslib_proxydata.config import DpsConfig, LeaderboardConfig, SearchConfig, dump_yaml
from naslib_proxydata.runs.evaluate import default_executor
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.setup import resolved_device

Config = TypeVar("Config", LeaderboardConfig, SearchConfig, DpsConfig)


def resolved(config: Config) -> Config:
    """Return the configuration with what depends on the machine filled in.

    Raises:
        ConfigError: There is no such device here.
    """
    root = None if config.data_root is None else config.data_root.expanduser().resolve()
    return config.model_copy(
        update={
            "device": resolved_device(config.device),
            "data_root": root,
            "plugin": tuple(file.expanduser().resolve() for file in config.plugin),
            "out": config.out.expanduser(),
        }
    )


def opened_folder(config: Config, results: tuple[str, ...] = ()) -> RunFolder:
    """Return the run folder, opened for a resolved configuration.

    Args:
        config: It is kept in the folder.
        results: See :class:`RunFolder`.

    Raises:
        RunFolderError: See :meth:`RunFolder.open`.
    """
    folder = RunFolder(config.out, results)
    kept = config.model_copy(update={"overwrite": False})  # so that its copy never deletes
    folder.open(dump_yaml(kept), overwrite=config.overwrite)
    return folder


def workers_of(config: Config, executor: Executor | None) -> AbstractContextManager[Executor]:
    """Return the caller's executor, left open, or one of ``config.workers`` processes, shut."""
    return default_executor(config.workers) if executor is None else nullcontext(executor)
