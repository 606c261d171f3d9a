"""Pickles of strangers: read through a list of allowed globals, everything else refused.

A pickle is a program. What it can do is decided by the globals it may look up, and this reader
looks none up: the caller hands in the few objects that a file may name.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sized
from typing import IO, Any, Final

from naslib_proxydata import pickled_numbers
from naslib_proxydata.errors import ProxyDataError, TableError
from naslib_proxydata.pickle_limits import PickleLimitError, Readable, bounded_pickle
from naslib_proxydata.pickled_numbers import PickledNumbersError

Globals = Mapping[tuple[str, str], Any]
"""What a pickle may name: ``{(module, name): object it gets instead}``."""


class _StateError(Exception):
    """A pickle sets attributes of something that is not its own."""


class _Given:
    """Counts what calls are given: a text that is named again costs 2 bytes, and a copy of it.

    Args:
        content: Bytes of the pickle.
    """

    def __init__(self, content: int) -> None:
        self._left = _GIVEN_ALWAYS + _GIVEN_OF_ONE * content

    def count(self, arguments: tuple[Any, ...]) -> None:
        """Count letters, bytes and members of what a call is given.

        Raises:
            PickleLimitError: There were more in all than an honest pickle gives.
        """
        self._left -= sum(len(one) for one in arguments if isinstance(one, Sized))
        if self._left < 0:
            raise PickleLimitError("it gives the same texts or lists to calls too often")


class _Named:
    """An allowed callable as a pickle gets it: to be called, never to be written to."""

    __slots__ = ("_callable", "_given")

    def __init__(self, function: Callable[..., Any], given: _Given | None = None) -> None:
        self._callable = function
        self._given = given

    def __call__(self, *arguments: Any) -> Any:
        if self._given is not None:
            self._given.count(arguments)
        return self._callable(*arguments)

    def counting(self, given: _Given) -> _Named:
        """Return the same callable, whose arguments are counted."""
        return _Named(self._callable, given)

    def __setstate__(self, state: object) -> None:
        raise _StateError(f"sets attributes of {self._callable.__name__}")


class _Sealed(type):
    """The type of an allowed class as a pickle gets it: to be made, never to be written to."""

    def __setstate__(cls, state: object) -> None:
        raise _StateError(f"sets attributes of {cls.__name__}")


class _Ordered(OrderedDict[Any, Any]):
    """An ``OrderedDict`` whose attributes, such as torch's ``_metadata``, are left out."""

    def __setstate__(self, state: object) -> None:
        pass


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Do for old pickles of bytes what ``_codecs.encode`` does, for the one codec they use."""
    if encoding != "latin1":
        raise TableError(f"the pickle encodes text as {encoding!r}; only 'latin1' is allowed")
    return text.encode(encoding)


_LONGEST_NAME: Final = 200  # characters of a name that a message shows
_GIVEN_ALWAYS: Final = 2**24
_GIVEN_OF_ONE: Final = 4  # for each byte of a larger pickle; honest ones give each once
_NUMPY_CORES: Final = ("numpy.core", "numpy._core")
"""The package of numpy's own parts, before numpy 2 and since."""

PLAIN: Final[Globals] = {
    ("collections", "OrderedDict"): _Named(_Ordered),
    ("builtins", "set"): _Named(set),
    ("__builtin__", "set"): _Named(set),  # its name in protocols 0 to 2
    ("_codecs", "encode"): _Named(_encode_latin1),
    ("numpy", "dtype"): _Named(pickled_numbers.PickledType),
    **{(f"{core}.multiarray", "scalar"): _Named(pickled_numbers.number) for core in _NUMPY_CORES},
}
"""Plain data: containers and numpy's numbers."""

ARRAYS: Final[Globals] = {
    **PLAIN,
    ("numpy", "ndarray"): _Named(pickled_numbers.array_type),
    **{
        (f"{core}.{part}", name): _Named(stand_in)
        for core in _NUMPY_CORES
        for part, name, stand_in in (
            ("multiarray", "_reconstruct", pickled_numbers.reconstruct),
            ("numeric", "_frombuffer", pickled_numbers.from_buffer),
        )
    },
}
"""Plain data and arrays of numbers, as :class:`~naslib_proxydata.pickled_numbers.PickledArray`."""


class AllowListUnpickler(pickle.Unpickler):
    """An unpickler that resolves only the globals it was given.

    Args:
        stream: Binary stream that holds the pickle.
        allowed: What the pickle may name.
        source: What error messages call the stream.
        error: The exception for what is not allowed.
        encoding: How 8-bit strings of Python 2 are read; ``"bytes"`` keeps them as bytes.
        size: Bytes of the pickle.
    """

    def __init__(
        self,
        stream: IO[bytes],
        allowed: Globals,
        source: str,
        error: type[ProxyDataError],
        encoding: str,
        size: int,
    ) -> None:
        super().__init__(stream, encoding=encoding)
        self.allowed = allowed
        self.source = source
        self.error = error
        self._given = _Given(size)

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a global.

        Raises:
            ProxyDataError: It is not allowed; it has not been imported.
        """
        try:
            named = self.allowed[module, name]
        except KeyError:
            wanted = ascii(f"{module}.{name}"[:_LONGEST_NAME])[1:-1]  # nothing for a terminal
            raise self.error(
                f"{self.source} wants to load {wanted}, which no such file needs; "
                "nothing of it was run. Get the file again from its official place."
            ) from None
        if isinstance(named, _Named):
            return named.counting(self._given)
        if isinstance(named, type):
            return _Sealed(named.__name__, (named,), {})
        return _Named(named, self._given)


def unpickle(
    stream: Readable,
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
        ProxyDataError: The pickle is truncated, damaged, names a global that is not allowed, sets
            attributes of one that is, or is beyond the limits of
            :func:`~naslib_proxydata.pickle_limits.bounded_pickle`.
    """
    try:
        content = bounded_pickle(stream)
        return AllowListUnpickler(
            io.BytesIO(content), allowed, source, error, encoding, len(content)
        ).load()
    except ProxyDataError:
        raise
    except PickledNumbersError as problem:
        raise error(f"{source} holds {problem}. Get the file again from its official place.") from (
            None
        )
    except _StateError as problem:
        raise error(
            f"{source} {problem}, which no such file needs. Get the file again from its official "
            "place."
        ) from None
    except PickleLimitError as problem:
        raise error(
            f"{source} is truncated or damaged: {problem}. Get the file again from its official "
            "place."
        ) from None
    except Exception as problem:  # a damaged pickle can fail in nearly every way
        raise error(
            f"{source} is truncated or damaged ({type(problem).__name__}: "
            f"{' '.join(str(problem).split())[:300]}). "
            "Get the file again from its official place."
        ) from problem
