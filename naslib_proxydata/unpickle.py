"""Pickles of strangers: read through a list of allowed globals, everything else refused.

A pickle is a program. What it can do is decided by the globals it may look up, and this reader
looks none up: the caller hands in the few objects that a file may name.
"""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import IO, Any, Final

import numpy as np

from naslib_proxydata.errors import ProxyDataError, TableError

Globals = Mapping[tuple[str, str], Any]
"""What a pickle may name: ``{(module, name): object it gets instead}``."""


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Do for old pickles of bytes what ``_codecs.encode`` does, for the one codec they use."""
    if encoding != "latin1":
        raise TableError(f"the pickle encodes text as {encoding!r}; only 'latin1' is allowed")
    return text.encode(encoding)


class _NumberType:
    """Stands for ``numpy.dtype``: the type and byte order of a number, nothing else."""

    def __init__(self, code: str, *_flags: object) -> None:
        if not re.fullmatch(r"[biuf]\d", code):
            raise TableError(f"the pickle holds a numpy value of type {code!r}, not a number")
        self.code = code
        self.order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = {"<": "<", ">": ">", "|": "|"}[state[1]]


def _number(number_type: _NumberType, data: bytes) -> int | float | bool:
    """Stand for numpy's ``scalar``: return the number that the bytes spell."""
    (value,) = np.frombuffer(data, np.dtype(number_type.order + number_type.code))
    number: int | float | bool = value.item()
    return number


PLAIN: Final[Globals] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,  # its name in protocols 0 to 2
    ("_codecs", "encode"): _encode_latin1,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "scalar"): _number,
    ("numpy._core.multiarray", "scalar"): _number,
}
"""Plain data: containers and numpy's numbers."""


def array_globals() -> Globals:
    """Return what pickled numpy arrays may name besides plain data.

    Arrays name numpy's own constructor and type, which build arrays and nothing else.
    """
    rebuild = np.empty(0).__reduce__()[0]  # its module has moved between versions of numpy
    return {
        **PLAIN,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): rebuild,
        ("numpy._core.multiarray", "_reconstruct"): rebuild,
    }


class AllowListUnpickler(pickle.Unpickler):
    """An unpickler that resolves only the globals it was given.

    Args:
        stream: Binary stream that holds the pickle.
        allowed: What the pickle may name.
        source: What error messages call the stream.
        error: The exception for what is not allowed.
        encoding: How 8-bit strings of Python 2 are read; ``"bytes"`` keeps them as bytes.
    """

    def __init__(
        self,
        stream: IO[bytes],
        allowed: Globals,
        source: str,
        error: type[ProxyDataError] = TableError,
        encoding: str = "ASCII",
    ) -> None:
        super().__init__(stream, encoding=encoding)
        self.allowed = allowed
        self.source = source
        self.error = error

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a global.

        Raises:
            ProxyDataError: It is not allowed; it has not been imported.
        """
        try:
            return self.allowed[module, name]
        except KeyError:
            raise self.error(
                f"{self.source} wants to load {module}.{name}, which no such file needs; "
                "nothing of it was run. Get the file again from its official place."
            ) from None


def unpickle(
    stream: IO[bytes],
    source: str,
    allowed: Globals = PLAIN,
    *,
    error: type[ProxyDataError] = TableError,
    encoding: str = "ASCII",
) -> Any:
    """Read one pickle of plain data from a stream.

    Args:
        stream: Binary stream, read from where it stands to the end of the pickle.
        source: What error messages call the stream.
        allowed: What the pickle may name.
        error: The exception for a pickle that cannot be read.
        encoding: How 8-bit strings of Python 2 are read.

    Raises:
        ProxyDataError: The pickle is truncated, damaged, or names a global that is not allowed.
    """
    try:
        return AllowListUnpickler(stream, allowed, source, error, encoding).load()
    except ProxyDataError:
        raise
    except Exception as problem:  # a damaged pickle can fail in nearly every way
        raise error(
            f"{source} is truncated or damaged ({type(problem).__name__}: {problem}). "
            "Get the file again from its official place."
        ) from problem
