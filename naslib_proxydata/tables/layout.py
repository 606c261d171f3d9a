"""A file whose bytes are whole, and whose content is not laid out as a benchmark's is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naslib_proxydata.errors import ProxyDataError, TableError, printable, shown

_LONGEST_CAUSE = 300  # characters of what Python says of a value that it did not expect


@contextmanager
def layout_of(benchmark: str, source: Path | str) -> Iterator[None]:
    """Say of which file it was that something expected was not there, or was something else.

    Args:
        benchmark: Whose layout is expected.
        source: The file, and the place in it where it is known.

    Raises:
        TableError: Anything was raised inside; what is one already passes unchanged.
    """
    try:
        yield
    except TableError:
        raise
    except Exception as problem:  # content of another shape can fail in nearly every way
        raise TableError(
            f"{source} is not of the layout of {benchmark} ({cause(problem)}); get the file again "
            "from its official place"
        ) from problem


def cause(problem: Exception) -> str:
    """Return what went wrong, for a message: printable and short."""
    said = printable(" ".join(str(problem).split()))[:_LONGEST_CAUSE]
    return f"{type(problem).__name__}: {said}"


def reason(problem: Exception) -> str:
    """Return why a record is left out, for a message: printable and short."""
    if isinstance(problem, LookupError):
        return f"lacks {shown(problem.args[0] if problem.args else '')}"
    said = printable(" ".join(str(problem).split()))[:_LONGEST_CAUSE]
    return said if isinstance(problem, ProxyDataError | ValueError) else cause(problem)
