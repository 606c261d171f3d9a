"""The boundary between a file of anybody's and the rest: whatever happens inside is one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from naslib_proxydata.errors import ProxyDataError, printable

_LONGEST_CAUSE = 300  # characters of what a library says of a file


@contextmanager
def boundary(source: Path | str, error: type[ProxyDataError], advice: str) -> Iterator[None]:
    """Turn whatever reading a file raises into an error that says what to do.

    Decoders fail in nearly every way on damaged bytes: with their own exceptions, with those of
    the decompressor below, or out of memory or stack over a size that the file declares.

    Args:
        source: The file, and the place in it where it is known.
        error: What is raised.
        advice: What to do, as a sentence's end: ``get the file again from its official place``.

    Raises:
        ProxyDataError: Anything was raised inside; what is one of these already passes unchanged.
    """
    try:
        yield
    except ProxyDataError:
        raise
    except OSError as problem:
        if problem.errno is None:  # a decoder's, not the system's
            raise error(_damaged(source, problem, advice)) from problem
        raise error(f"cannot read {source}: {problem.strerror}; {advice}") from problem
    except MemoryError as problem:
        raise error(
            f"{source} is damaged, or larger than the memory of this machine; {advice}"
        ) from problem
    except Exception as problem:
        raise error(_damaged(source, problem, advice)) from problem


def _damaged(source: Path | str, problem: Exception, advice: str) -> str:
    cause = printable(" ".join(str(problem).split()))[:_LONGEST_CAUSE]
    name = type(problem).__name__.lstrip("_")  # those with _ are our own
    return f"{source} is damaged ({name}: {cause}); {advice}"
