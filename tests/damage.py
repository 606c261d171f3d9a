"""Damaged copies of genuine files, and what a reader may do with one: refuse it in a sentence.

``NASLIB_PROXYDATA_DAMAGED_COPIES`` is the number of copies of each file (hypothesis's examples); a
few where it is not set. ``benchmarks/checks/damaged_files.py`` asks for many, and counts.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from naslib_proxydata.errors import ProxyDataError

COPIES = int(os.environ.get("NASLIB_PROXYDATA_DAMAGED_COPIES", "10"))
"""Of each file."""
TALLY = os.environ.get("NASLIB_PROXYDATA_DAMAGE_TALLY")
"""A folder in which each process counts what became of its copies."""
SECONDS = 20
"""The longest that a reader may take for the small files of these tests."""

Value = TypeVar("Value")
Draw = Callable[[st.SearchStrategy[Any]], Any]

many_copies = settings(
    max_examples=COPIES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
"""For a test that takes a copy from :func:`damaged`."""

_EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80")
_TOKENS = (b"NaN", b"1e999", b"-1", b"", b"9" * 30, b"\x1b[2J", b"\xed\xa0\x80", b"null", b"[" * 99)


@st.composite
def damaged(draw: Draw, content: bytes) -> bytes:
    """A copy of a file with one to three places changed: bits, runs, cuts, repeats or tokens."""
    for _ in range(draw(st.integers(1, 3))):
        content = draw(st.sampled_from(_WAYS))(draw, content)
    return content


def refused(read: Callable[[], Value], kind: str) -> Value | None:
    """Call a reader of a damaged copy and return what it took, or None where it refused.

    Args:
        read: The reader.
        kind: What the tally calls the format.

    Raises:
        AssertionError: It raised anything but a ``ProxyDataError``, or one whose message is not
            a printable sentence.
        TimeoutError: It took longer than :data:`SECONDS`.
    """
    try:
        with _time_limit():
            value = read()
    except ProxyDataError as error:
        message = str(error)
        assert message
        assert message.replace("\n", "").isprintable(), f"control characters in {message!r}"
        assert len(message) < 3000, message
        _count(kind, "refused")
        return None
    except Exception as error:
        _count(kind, "failed")
        raise AssertionError(f"{kind}: {type(error).__name__}: {error}") from error
    _count(kind, "taken")
    return value


def _flip(draw: Draw, content: bytes) -> bytes:
    place = draw(_places(content))
    bit = 1 << draw(st.integers(0, 7))
    return (
        content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :] if content else b""
    )


def _run(draw: Draw, content: bytes) -> bytes:
    place, length = draw(_places(content)), draw(st.integers(1, 16))
    run = draw(st.sampled_from(_EXTREMES)) * length
    return content[:place] + run + content[place + length :]


def _cut(draw: Draw, content: bytes) -> bytes:
    return content[: draw(_places(content))]


def _delete(draw: Draw, content: bytes) -> bytes:
    place, length = draw(_places(content)), draw(st.integers(1, 64))
    return content[:place] + content[place + length :]


def _repeat(draw: Draw, content: bytes) -> bytes:
    place, length = draw(_places(content)), draw(st.integers(1, 64))
    return content[: place + length] + content[place:]


def _token(draw: Draw, content: bytes) -> bytes:
    place, length = draw(_places(content)), draw(st.integers(0, 6))
    return content[:place] + draw(st.sampled_from(_TOKENS)) + content[place + length :]


_WAYS = (_flip, _run, _cut, _delete, _repeat, _token)


def _places(content: bytes) -> st.SearchStrategy[int]:
    """Any place, and those near the ends, where headers and directories lie, more often."""
    last = max(0, len(content) - 1)
    return st.one_of(
        st.integers(0, last),
        st.integers(0, min(last, 256)),
        st.integers(max(0, last - 256), last),
    )


@contextmanager
def _time_limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"the reader took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _count(kind: str, outcome: str) -> None:
    if TALLY:
        with (Path(TALLY) / f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps([kind, outcome]) + "\n")
