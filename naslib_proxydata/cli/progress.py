"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from naslib_proxydata.errors import printable

if TYPE_CHECKING:
    from rich.console import Console

logger = logging.getLogger(__name__)

_PLAIN_WIDTH = 160  # of lines written to a file or pipe, which has no width of its own

_SECONDS_BETWEEN_LINES = 15.0


def console() -> Console:
    """Return a console for the standard output."""
    from rich.console import Console

    # Without emoji, which ':three:' in the name of a file of the user's would become.
    return Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, emoji=False)


def cell_text(text: str) -> str:
    """Return a text for a cell of a table: neither rich's markup nor the terminal's is obeyed."""
    from rich.markup import escape

    return escape(printable(text))


@contextmanager
def shown_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function ``(title, done, total)`` that shows progress while the block runs."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, TaskID] = {}

        def show(title: str, done: int, total: int) -> None:
            if title not in known:
                known[title] = bars.add_task(printable(title))
            bars.update(known[title], completed=done, total=total)

        yield show


class _Lines:
    """Logs the start and the end of each title, and where it is in between."""

    def __init__(self) -> None:
        self._titles: set[str] = set()
        self._last = time.monotonic()

    def __call__(self, title: str, done: int, total: int) -> None:
        """Log a line where one is due."""
        now = time.monotonic()
        new = title not in self._titles
        if new or done == total or now - self._last > _SECONDS_BETWEEN_LINES:
            self._titles.add(title)
            self._last = now
            logger.info("%s: %d of %d", title, done, total)
