"""The run folder: made, recognised, and written so that no file is ever half there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.runs.store import ScoreStore

CONFIG = "config.yaml"
SCORES = "scores.sqlite"
PLOTS = "plots"

_IMMATERIAL = ("workers", "out", "overwrite")
_FILES = ("env.json", "summary.csv", "summary.md", SCORES, f"{SCORES}-wal", f"{SCORES}-shm", CONFIG)


class RunFolder:
    """The folder of one run and its files.

    Args:
        path: Where it is.
        results: Names of further files that the run makes; where one is there, the folder is
            not given to a run with another configuration.
    """

    def __init__(self, path: Path, results: tuple[str, ...] = ()) -> None:
        self.path = path
        self.results = results

    @property
    def scores(self) -> Path:
        """The score store."""
        return self.path / SCORES

    def open(self, config: str, *, overwrite: bool) -> None:
        """Make the folder for a configuration, or go on with the run that it holds.

        Args:
            config: The resolved configuration, as YAML.
            overwrite: Delete the files of a run that is there.

        Raises:
            RunFolderError: It cannot be written, holds other things, or belongs to a run with
                another configuration (those of workers and of the folder itself aside).
        """
        with self._explained("create"):
            self.path.mkdir(parents=True, exist_ok=True)
            is_run = (self.path / CONFIG).is_file()
            if not is_run and any(not file.name.startswith(".") for file in self.path.iterdir()):
                raise RunFolderError(
                    f"{self.path} holds files but no {CONFIG}, so it is no run folder; "
                    "choose another --out"
                )
            if is_run and overwrite:
                self._clear()
            elif is_run:
                self._compare(config)
        self.write(CONFIG, config)

    def write(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all.

        Raises:
            RunFolderError: It cannot be written.
        """
        self.replace(name, lambda path: path.write_text(text, encoding="utf-8", newline=""))

    def replace(self, name: str, write: Callable[[Path], object]) -> None:
        """Let ``write`` fill a temporary file and put it in the place of ``name``.

        Raises:
            RunFolderError: It cannot be written.
        """
        target = self.path / name
        temporary = target.with_name(f".{os.getpid()}.{target.name}")
        with self._explained(f"write {name} in"):
            target.parent.mkdir(exist_ok=True)
            try:
                write(temporary)
                os.replace(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Delete the files that a run makes, and nothing else."""
        shutil.rmtree(self.path / PLOTS, ignore_errors=True)
        for name in (
            *self.results,
            *_FILES,
        ):  # the configuration last: without it the folder is no run folder
            (self.path / name).unlink(missing_ok=True)

    def _compare(self, config: str) -> None:
        """Refuse a folder with scores of another configuration.

        A run that failed before its first score, by a mistyped option say, has left nothing
        that could be lost.
        """
        found, wanted = _material(self._read_config()), _material(yaml.safe_load(config))
        differing = [
            f"{key}: {found.get(key)!r} there, {wanted.get(key)!r} now"
            for key in sorted({*found, *wanted})
            if found.get(key) != wanted.get(key)
        ]
        if differing and self._holds_results():
            raise RunFolderError(
                f"{self.path} belongs to a run with another configuration "
                f"({'; '.join(differing)}); choose another --out, or --overwrite to start anew"
            )

    def _holds_results(self) -> bool:
        if any((self.path / name).exists() for name in self.results):
            return True
        if not self.scores.exists():
            return False
        with ScoreStore(self.scores) as store:
            return not store.is_empty()

    def _read_config(self) -> Any:
        try:
            return yaml.safe_load((self.path / CONFIG).read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise RunFolderError(
                f"{self.path / CONFIG} is damaged: {' '.join(str(error).split())}; "
                "choose another --out, or --overwrite to start anew"
            ) from None

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Turn the system's errors into one that says what to do."""
        try:
            yield
        except OSError as error:
            raise RunFolderError(
                f"cannot {doing} the run folder {self.path}: {error.strerror or error}. Nothing "
                "stored is lost; put this right and run the same command again, or choose "
                "another --out"
            ) from error


def _material(config: Any) -> dict[str, Any]:
    """Return the part of a configuration that decides what a run computes."""
    values = config if isinstance(config, dict) else {}
    return {key: value for key, value in values.items() if key not in _IMMATERIAL}
