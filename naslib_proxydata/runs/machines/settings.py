"""What every way to run calls is told, and what it gives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import Field

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.schema import Settings

PATIENCE = 5.0
"""Seconds in which what is at an address must answer."""


class Work(NamedTuple):
    """What a run tells its executor.

    Attributes:
        workers: Processes on this machine, where it is this one that computes.
        plugins: Python files with plugins, which the other machines may lack.
        folder: The run folder.
        time_limit: Seconds for one score, which processes of this machine keep.
    """

    workers: int
    plugins: Sequence[Path]
    folder: Path
    time_limit: float | None = None


class ExecutorSettings(Settings):
    """One way to run calls, by name, with its options.

    Attributes:
        COLON: The key that the text after the name's colon stands for; empty where there is none.
        PACKAGE: What must be installed.
        EXTRA: The extra of this package that installs it.
        LOCAL: Whether calls run in processes of this machine that the run starts itself.
        together: Scores of one call. A training or a search is always one by itself.
    """

    COLON: ClassVar[str] = ""
    PACKAGE: ClassVar[str] = ""
    EXTRA: ClassVar[str] = ""
    LOCAL: ClassVar[bool] = False

    name: str

    @property
    def together(self) -> int:
        """Scores of one call."""
        return 1

    @abstractmethod
    def check(self) -> None:
        """Refuse what cannot work, in seconds, before anything is spent.

        Raises:
            ConfigError: A package is not installed, nothing answers, or an option does not fit.
        """

    @abstractmethod
    def open(self, work: Work) -> AbstractContextManager[Executor]:
        """Return the executor, for a block; what is still under way at its end is ended.

        Raises:
            ConfigError: No worker answers.
        """

    def check_installed(self) -> None:
        """Name the extra that is missing.

        Raises:
            ConfigError: It is.
        """
        if find_spec(self.PACKAGE) is None:
            raise ConfigError(
                f"executor {self.name!r} needs the package {self.PACKAGE}; "
                f"pip install 'naslib-proxydata[{self.EXTRA}]'"
            )


class ClusterSettings(ExecutorSettings):
    """A cluster that is connected to, which takes a score as quickly as it is computed."""

    scores: int = Field(1, ge=1, description="Scores of one task, where one takes milliseconds.")

    @property
    def together(self) -> int:
        """Scores of one task."""
        return self.scores
