"""A line in the log now and then, that says how long a search for proxies still takes."""

from __future__ import annotations

import logging
from time import perf_counter

_log = logging.getLogger(__name__)

EARLIEST, BETWEEN = 20.0, 60.0
"""Seconds before the first line, and between two."""


class AnnouncedCycles:
    """Logs the cycles of a long search; short ones pass in silence.

    Args:
        what: What the lines begin with.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = perf_counter()
        self._next = self._started + EARLIEST

    def __call__(self, done: int, total: int) -> None:
        """Say how long the other cycles take if they take as long as those that are done."""
        now = perf_counter()
        if now < self._next or done == total:
            return
        self._next = now + BETWEEN
        left = (total - done) * (now - self._started) / done
        _log.info("%s: cycle %d of %d, about %.0f s more", self._what, done, total, left)
