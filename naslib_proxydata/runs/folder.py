"""The run folder: made, recognised, and written so that no file is ever half there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.figures import save_figure
from naslib_proxydata.files import file_name, remove_scratch, write_text
from naslib_proxydata.runs.lock import NAME as LOCK
from naslib_proxydata.runs.lock import FolderLock
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.yaml_text import read_yaml_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIG = "config.yaml"
SCORES = "scores.sqlite"
PLOTS = "plots"

_LARGEST_CONFIG = 2**20  # bytes; ours are a few KiB

_FILES = (
    *("env.json", "summary.csv", "summary.md", "report.html"),
    *("architectures.csv", "results_long.csv", "results.parquet", "absent.csv"),
    *(SCORES, f"{SCORES}-wal", f"{SCORES}-shm", CONFIG),
)


class RunFolder:
    """The folder of one run and its files, which one process at a time holds.

    Args:
        path: Where it is.
        results: Names of further files that the run makes; where one is there, the folder is
            not given to a run with another configuration.
        may_grow: Keys of the configuration, nested ones joined by dots, whose number may be larger
            when a run goes on.
        immaterial: Keys of the configuration that change no result.
        defaults: What keys were in a configuration of an earlier version, which lacks them.
        adopts: Names that may be in a folder before it is a run's, as copies of what it makes.
    """

    def __init__(
        self,
        path: Path,
        results: tuple[str, ...] = (),
        may_grow: tuple[str, ...] = (),
        immaterial: tuple[str, ...] = ("workers", "out", "overwrite"),
        defaults: Mapping[str, Any] | None = None,
        adopts: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.results = results
        self.may_grow = may_grow
        self.immaterial = immaterial
        self.defaults = defaults or {}
        self.adopts = adopts
        self._lock: FolderLock | None = None

    @property
    def scores(self) -> Path:
        """The score store."""
        return self.path / SCORES

    def open(self, config: str, *, overwrite: bool) -> None:
        """Make the folder for a configuration, or go on with the run that it holds.

        Until :meth:`close` it is locked, see :class:`~naslib_proxydata.runs.lock.FolderLock`.
        What writes that were killed have left is removed.

        Args:
            config: The resolved configuration, as YAML.
            overwrite: Delete the files of a run that is there.

        Raises:
            RunFolderError: It cannot be written, holds other things, belongs to a run with
                another configuration (those of workers and of the folder itself aside), or is in
                use by another run.
        """
        with self._explained("create"):
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            if self._lock is None:
                self._lock = FolderLock(self.path)
            try:
                self._begin(config, overwrite)
            except BaseException:
                self.close()
                raise

    def check(self, config: str) -> bool:
        """Return whether the folder holds a run, which must be one with this configuration.

        Nothing is changed there.

        Args:
            config: The resolved configuration, as YAML.

        Raises:
            RunFolderError: It holds other things, or a run with another configuration.
        """
        with self._explained("read"):
            if not self.path.is_dir():
                return False
            self._refuse_foreign()
            if not (self.path / CONFIG).is_file():
                return False
            self._compare(config)
            return True

    def close(self) -> None:
        """Let other runs in."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def check_in_place(self) -> None:
        """Refuse to go on, or to end well, where somebody has taken the folder away.

        Raises:
            RunFolderError: It was deleted, moved or replaced, or emptied.
        """
        held = self._lock is not None and self._lock.is_in_place()
        if not held or not (self.path / CONFIG).is_file():
            raise RunFolderError(
                f"the run folder {self.path} (or {LOCK} in it) was deleted, moved, "
                "replaced or emptied while the run was writing to it, so not all of the run need "
                "be there; run the same command again, and leave its folder alone until it ends"
            )

    def _begin(self, config: str, overwrite: bool) -> None:
        """Begin or go on, now that the folder is ours alone."""
        self._refuse_foreign()  # again: it may have come since
        if (self.path / CONFIG).is_file():
            if overwrite:
                self._clear()
            else:
                self._compare(config)
        remove_scratch(self.path, (*self.results, *_FILES))
        remove_scratch(self.path / PLOTS)
        write_text(self.path / CONFIG, config, error=RunFolderError)

    def _refuse_foreign(self) -> None:
        is_run = (self.path / CONFIG).is_file()
        known = (f for f in self.path.iterdir() if f.name not in self.adopts)
        if not is_run and any(not file.name.startswith(".") for file in known):
            raise RunFolderError(
                f"{self.path} holds files but no {CONFIG}, so it is no run folder; "
                "choose another --out"
            )

    def write(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all.

        Raises:
            RunFolderError: It cannot be written, or the folder was taken away.
        """
        self.check_in_place()
        write_text(self.path / name, text, error=RunFolderError)

    def write_json(self, name: str, content: Any) -> None:
        """Write plain data as JSON.

        Raises:
            RunFolderError: It cannot be written.
        """
        self.write(name, json.dumps(content, indent=2) + "\n")

    def draw(self, name: str, drawn: Figure | Axes) -> str:
        """Write a figure into the folder of plots and return its name within the run folder.

        Args:
            name: What it shows; :func:`~naslib_proxydata.files.file_name` makes a file's of it.
            drawn: The figure, or axes of it.

        Raises:
            RunFolderError: It cannot be written, or the folder was taken away.
        """
        self.check_in_place()
        file = f"{PLOTS}/{file_name(name)}.png"
        save_figure(drawn, self.path / file, error=RunFolderError)
        return file

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
            for one in ({**self.defaults, **self._read_config()}, yaml.safe_load(config))
        )
        differing = [
            f"{key}: {found.get(key)!r:.200} there, {wanted.get(key)!r:.200} now"
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
        path = self.path / CONFIG
        advice = "choose another --out, or --overwrite to start anew"
        try:
            found = read_yaml_file(path, most=_LARGEST_CONFIG)
        except ConfigError as error:
            raise RunFolderError(f"{path} is damaged: {error}; {advice}") from None
        if not isinstance(found, dict):
            raise RunFolderError(f"{path} is damaged: expected the keys of a run; {advice}")
        return found

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
