"""The score store: every score on disk as it arrives, found again by all it depends on.

SQLite with a write-ahead log: a commit is whole or absent, so a process killed at any moment
loses at most the scores it was computing, and never damages those already stored.

One process writes: the one that was started. Workers, wherever they are, send it their scores.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType

from naslib_proxydata.errors import RunFolderError, printable
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.transient import tells_of_transient
from naslib_proxydata.runs.mounts import mount_of

_log = logging.getLogger(__name__)
_BUSY_SECONDS = 60.0


@dataclass(frozen=True)
class ScoreContext:
    """All that a score depends on besides the architecture.

    Attributes:
        space: Name of the search space.
        predictor: Registered name of the predictor.
        settings: The predictor's settings, as JSON with sorted keys.
        seed: Seed of the scores.
        images: Fingerprint of the images.
        image_size: Height and width of the images, in pixels.
        num_classes: Number of outputs of the networks' heads.
        device: Kind of the device, such as ``cpu``.
        code: Version of the code (:func:`naslib_proxydata.code.code_version`).
    """

    space: str
    predictor: str
    settings: str
    seed: int
    images: str
    image_size: int
    num_classes: int
    device: str
    code: str


_COLUMNS = tuple(field.name for field in fields(ScoreContext))
# REAL keeps every float64 and -inf exactly but the sign of -0.0, and turns nan into NULL.
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS contexts (
    id INTEGER PRIMARY KEY,
    {", ".join(f"{name} NOT NULL" for name in _COLUMNS)},
    UNIQUE ({", ".join(_COLUMNS)})
);
CREATE TABLE IF NOT EXISTS scores (
    context INTEGER NOT NULL REFERENCES contexts (id),
    architecture TEXT NOT NULL,
    value REAL,
    reason TEXT NOT NULL,
    seconds REAL NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (context, architecture)
) WITHOUT ROWID;
"""
_TABLES = {
    "contexts": ["id", *_COLUMNS],
    "scores": ["context", "architecture", "value", "reason", "seconds", "details"],
}


_WITHOUT_TRANSIENT = 1
"""The version (``PRAGMA user_version``) of files that hold no transient failures; before it they
were stored like results."""


class ScoreStore:
    """Scores by context and architecture in one SQLite file; use it as a context manager.

    Scores that failed transiently (:attr:`Score.transient`) are given back until the store is
    closed and never reach the file: whoever opens it next computes them again.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            RunFolderError: The file cannot be opened, or is not a score store.
        """
        self.path = path
        self._transient: dict[ScoreContext, dict[str, Score]] = {}
        with self._explained("open"):
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            if mount_of(Path(path).parent).is_shared:
                # The log's index is memory that processes share, which is none between machines:
                # where the one process that writes holds the file, it needs none.
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._check()
            self._connection.execute("PRAGMA journal_mode = WAL")
            # Safe with the log: an outage of power may undo the last commits, never damage.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
            self._forget_orphans()
            self._forget_transient()
        self._file = os.stat(path) if os.path.exists(path) else None  # none for one in memory

    def __enter__(self) -> ScoreStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was added is already on disk."""
        self._connection.close()

    def add(self, context: ScoreContext, scores: Mapping[str, Score]) -> None:
        """Store scores by architecture key in one transaction; a stored score is never replaced.

        Raises:
            RunFolderError: The disk is full, or the file cannot be written or was taken away.
        """
        self._refuse_removed()
        failed = {key: score for key, score in scores.items() if score.transient}
        self._transient.setdefault(context, {}).update(failed)
        with self._explained("write to"), self._transaction():
            identity = self._identity(context, create=True)
            self._connection.executemany(
                "INSERT OR IGNORE INTO scores VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (identity, key, *_to_row(score))
                    for key, score in scores.items()
                    if key not in failed
                ],
            )

    def get(self, context: ScoreContext, keys: Iterable[str]) -> dict[str, Score]:
        """Return the stored scores of those architectures that have one."""
        wanted = set(keys)
        failed = self._transient.get(context, {})
        found = {key: score for key, score in failed.items() if key in wanted}
        with self._explained("read"):
            identity = self._identity(context, create=False)
            if identity is None:
                return found
            stored = {key: score for key, score in self._readable(identity) if key in wanted}
            return found | stored

    def keys(self, context: ScoreContext) -> set[str]:
        """Return the keys of the architectures that have a score."""
        with self._explained("read"):
            identity = self._identity(context, create=False)
            stored = set() if identity is None else {key for key, _ in self._readable(identity)}
        return stored | self._transient.get(context, {}).keys()

    def contexts(self) -> list[ScoreContext]:
        """Return what the stored scores depend on besides the architecture, oldest first."""
        names = ", ".join(_COLUMNS)
        with self._explained("read"):
            rows = self._connection.execute(f"SELECT {names} FROM contexts ORDER BY id")
            return [ScoreContext(*row) for row in rows]

    def transient(self) -> list[Score]:
        """Return the scores that failed transiently since the store was opened."""
        return [score for scores in self._transient.values() for score in scores.values()]

    def count(self) -> int:
        """Return the number of scores of all contexts."""
        with self._explained("read"):
            count: int = self._connection.execute("SELECT COUNT(*) FROM scores").fetchone()[0]
            return count

    def is_empty(self) -> bool:
        """Return whether no score of any context is stored."""
        with self._explained("read"):
            return self._connection.execute("SELECT 1 FROM scores LIMIT 1").fetchone() is None

    def _forget_transient(self) -> None:
        """Delete the transient failures that an earlier version stored, once in a file's life."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version >= _WITHOUT_TRANSIENT:
            return
        self._connection.create_function("transient", 1, tells_of_transient, deterministic=True)
        with self._transaction():
            self._connection.execute("DELETE FROM scores WHERE value IS NULL AND transient(reason)")
            self._connection.execute(f"PRAGMA user_version = {_WITHOUT_TRANSIENT}")

    def _identity(self, context: ScoreContext, *, create: bool) -> int | None:
        """Return the row of a context."""
        values = astuple(context)
        if create:
            marks = ", ".join("?" for _ in _COLUMNS)
            self._connection.execute(
                f"INSERT OR IGNORE INTO contexts ({', '.join(_COLUMNS)}) VALUES ({marks})", values
            )
        where = " AND ".join(f"{name} = ?" for name in _COLUMNS)
        row = self._connection.execute(f"SELECT id FROM contexts WHERE {where}", values).fetchone()
        return None if row is None else int(row[0])

    def _readable(self, identity: int) -> Iterator[tuple[str, Score]]:
        """Yield the scores of a context; damaged ones are deleted, so that they are made anew."""
        rows = self._connection.execute(
            "SELECT architecture, value, reason, seconds, details FROM scores WHERE context = ?",
            (identity,),
        )
        damaged = []
        for key, *row in rows:
            score = _from_row(*row)
            if score is None:
                damaged.append((identity, key))
            else:
                yield key, score
        if damaged:
            _log.warning("%s: %d damaged scores are computed anew", self.path, len(damaged))
            self._connection.executemany(
                "DELETE FROM scores WHERE context = ? AND architecture = ?", damaged
            )

    def _check(self) -> None:
        """Refuse a file whose pages are damaged, or whose tables are none of ours."""
        # What is no UTF-8 must not keep the other rows from being read; ours is ASCII.
        self._connection.text_factory = lambda raw: raw.decode(errors="replace")
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        for table, columns in _TABLES.items():
            there = [
                name for _, name, *_ in self._connection.execute(f"PRAGMA table_info({table})")
            ]
            if there and there != columns:
                found = f"table {table!r} has the columns {', '.join(there)}"
        if found != "ok":
            raise sqlite3.DatabaseError(found)

    def _forget_orphans(self) -> None:
        """Delete scores whose context is lost, before another one is given its number."""
        lost = "context NOT IN (SELECT id FROM contexts)"
        if self._connection.execute(f"SELECT 1 FROM scores WHERE {lost} LIMIT 1").fetchone():
            _log.warning("%s: scores of unknown origin are computed anew", self.path)
            self._connection.execute(f"DELETE FROM scores WHERE {lost}")

    def _refuse_removed(self) -> None:
        """Refuse to write to a file that has no name any more: what it holds would be lost."""
        if self._file is None:
            return
        try:
            if os.path.samestat(self._file, os.stat(self.path)):
                return
        except OSError:
            pass
        raise RunFolderError(
            f"the score store {self.path} was deleted or replaced while the run was writing to it; "
            "run the same command again, and leave its folder alone until it ends"
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit what the block does, or undo it all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Turn SQLite's errors into one that says what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RunFolderError(
                f"cannot {doing} the score store {self.path}: {error}. Scores stored before are "
                "kept; put this right (free space, permissions) and run the same command again, or "
                "--overwrite to start anew"
            ) from error
        except sqlite3.Error as error:
            raise RunFolderError(
                f"cannot {doing} the score store {self.path}: it is damaged, or none of this "
                f"version's ({printable(str(error))}). Put a copy of it back, or move it away and "
                "run the same command again, or --overwrite to start anew"
            ) from error


def _to_row(score: Score) -> tuple[float | None, str, float, str]:
    value = None if math.isnan(score.value) else float(score.value)
    # Texts of strangers may hold what UTF-8 has no bytes for, as names of files do.
    reason = score.reason.encode(errors="backslashreplace").decode()
    return value, reason, score.seconds, json.dumps(dict(score.details))


def _from_row(value: object, reason: object, seconds: object, details: object) -> Score | None:
    """Return the score of a row, None where it is none that was ever stored."""
    number = math.nan if value is None else value
    if not isinstance(number, float) or number == math.inf or not isinstance(seconds, float):
        return None
    if not isinstance(reason, str) or not isinstance(details, str) or not details.isascii():
        return None
    try:
        facts = json.loads(details)
    except (ValueError, RecursionError):
        return None
    return Score(number, reason, seconds, facts) if isinstance(facts, dict) else None
