"""Processes of this machine, which the run starts itself."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import ClassVar, Literal

from naslib_proxydata.runs.executors import default_executor
from naslib_proxydata.runs.machines.settings import ExecutorSettings, Work


class Processes(ExecutorSettings):
    """``processes``: as many as there are workers, or this process alone for one."""

    LOCAL: ClassVar[bool] = True

    name: Literal["processes"] = "processes"

    def check(self) -> None:
        """Everything is here."""

    def open(self, work: Work) -> AbstractContextManager[Executor]:
        """Return a pool of processes."""
        return default_executor(work.workers, work.time_limit)
