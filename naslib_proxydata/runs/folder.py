"""The run folder: made, recognised, and written so that no file is ever half there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.figures import save_figure
from naslib_proxydata.files import write_text
from naslib_proxydata.runs.store import ScoreStore

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIG = "config.yaml"
SCORES = "scores.sqlite"
PLOTS = "plots"

_FILES = ("env.json", "summary.csv", "summary.md", SCORES, f"{SCORES}-wal", f"{SCORES}-shm", CONFIG)


class RunFolder:
    """The folder of one run and its files.

    Args:
        path: Where it is.
        results: Names of further files that the run makes; where one is there, the folder is
            not given to a run with another configuration.
        may_grow: Keys of the configuration, nested ones joined by dots, whose number may be larger
            when a run goes on.
        immaterial: Keys of the configuration that change no result.
    """

    def __init__(
        self,
        path: Path,
        results: tuple[str, ...] = (),
        may_grow: tuple[str, ...] = (),
        immaterial: tuple[str, ...] = ("workers", "out", "overwrite"),
    ) -> None:
        self.path = path
        self.results = results
        self.may_grow = may_grow
        self.immaterial = immaterial

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
        write_text(self.path / name, text, error=RunFolderError)

    def write_json(self, name: str, content: Any) -> None:
        """Write plain data as JSON.

        Raises:
            RunFolderError: It cannot be written.
        """
        self.write(name, json.dumps(content, indent=2) + "\n")

    def draw(self, name: str, drawn: Figure | Axes) -> str:
        """Write a figure into the folder of plots and return its name within the run folder.

        Raises:
            RunFolderError: It cannot be written.
        """
        save_figure(drawn, self.path / PLOTS / f"{name}.png", error=RunFolderError)
        return f"{PLOTS}/{name}.png"

    def _clear(self) -> None:
        """Delete the files that a run makes, and nothing else."""
        # The configuration last: without it the folder is no run folder.
        for name in (PLOTS, *self.results, *_FILES):
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _compare(self, config: str) -> None:
        """Refuse a folder with results of another configuration.

        A run that failed before its first score, by a mistyped option say, has left nothing
        that could be lost.
        """
        found, wanted = (
            {key: value for key, value in flat(one).items() if not self._is_immaterial(key)}
            for one in (self._read_config(), yaml.safe_load(config))
        )
        differing = [
            f"{key}: {found.get(key)!r} there, {wanted.get(key)!r} now"
            for key in sorted({*found, *wanted})
            if found.get(key) != wanted.get(key)
            and not (key in self.may_grow and grown(found.get(key), wanted.get(key)))
        ]
        if differing and self._holds_results():
            raise RunFolderError(
                f"{self.path} belongs to a run with another configuration "
                f"({'; '.join(differing)}); choose another --out, or --overwrite to start anew"
            )

    def _is_immaterial(self, key: str) -> bool:
        return any(key == one or key.startswith(f"{one}.") for one in self.immaterial)

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


def flat(config: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested keys joined by dots, with their values."""
    if not isinstance(config, dict):
        return {}
    found: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return found


def grown(before: Any, now: Any) -> bool:
    """Return whether a number has become larger; ``"all"`` is larger than any."""
    if now == "all":
        return True
    return isinstance(before, int) and isinstance(now, int) and now >= before
