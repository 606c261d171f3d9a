"""The boundary of readers: one error, which names file, cause and what to do."""

from __future__ import annotations

import errno
import zipfile
import zlib
from pathlib import Path

import pytest

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import DatasetError, TableError, printable


@pytest.mark.parametrize(
    "problem",
    [
        zlib.error("Error -3 while decompressing"),
        zipfile.BadZipFile("Bad CRC-32"),
        EOFError(),
        RecursionError("maximum recursion depth exceeded"),
        OverflowError("too large"),
        NotImplementedError("compression type 9"),
        OSError("not a gzip file"),
        AssertionError(),
        KeyError("x"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_whatever_a_decoder_raises_is_damage(problem: Exception) -> None:
    expected = pytest.raises(TableError, match=r"data\.npz is damaged .*; get it again")
    with expected as caught, boundary(Path("data.npz"), TableError, "get it again"):
        raise problem
    assert caught.value.__cause__ is problem


class _OurOwnError(Exception):
    pass


def test_our_own_errors_are_shown_by_a_plain_name() -> None:
    expected = pytest.raises(TableError, match=r"a is damaged \(OurOwnError: it is odd\); go")
    with expected, boundary("a", TableError, "go"):
        raise _OurOwnError("it is odd")


def test_what_the_system_refuses_is_no_damage() -> None:
    expected = pytest.raises(DatasetError, match=r"cannot read a\.npz: Permission denied; check it")
    with expected, boundary("a.npz", DatasetError, "check it"):
        raise OSError(errno.EACCES, "Permission denied")


def test_a_declared_size_beyond_memory_is_said() -> None:
    expected = pytest.raises(TableError, match="damaged, or larger than the memory")
    with expected, boundary("a.npz", TableError, "get it again"):
        raise MemoryError


def test_our_own_errors_pass_unchanged() -> None:
    mine = DatasetError("all said")
    with pytest.raises(DatasetError) as caught, boundary("a", TableError, "b"):
        raise mine
    assert caught.value is mine


def test_an_interrupt_passes() -> None:
    with pytest.raises(KeyboardInterrupt), boundary("a", TableError, "b"):
        raise KeyboardInterrupt


def test_control_characters_of_a_cause_are_escaped() -> None:
    with pytest.raises(TableError) as caught, boundary("a", TableError, "b"):
        raise ValueError("\x1b[2J\x07")
    assert str(caught.value).isprintable()
    assert printable("a\x1b[2Jä\u202eb\n") == "a\\x1b[2Jä\\u202eb\n"
