"""Importing NASLib: what current Pythons need for it, and what is said where it fails.

Nothing is changed beyond the import itself: ``collections.Iterable``, which one of NASLib's
files still imports, is there while the import runs and gone afterwards.
"""

from __future__ import annotations

import collections
import collections.abc
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from naslib_proxydata.errors import NaslibError

ADVICE = (
    "NASLib (github.com/automl/NASLib, branch Develop) is not on PyPI: put its source tree on "
    "PYTHONPATH; 'naslib-proxydata doctor' says how, and what it lacks here"
)


@contextmanager
def importing_naslib() -> Iterator[None]:
    """Let ``import naslib...`` inside the block find the names that Python 3.10 removed."""
    absent = not hasattr(collections, "Iterable")
    if absent:
        collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if absent:
            del collections.Iterable  # type: ignore[attr-defined]


def naslib(path: str) -> Any:
    """Import something of NASLib's.

    Args:
        path: ``"module:attribute"``.

    Raises:
        NaslibError: NASLib is absent, does not import, or has no such thing.
    """
    module, _, attribute = path.partition(":")
    try:
        with importing_naslib():
            found = importlib.import_module(module)
    except Exception as error:  # NASLib's imports fail in many ways, an OSError of CUDA among them
        raise NaslibError(
            f"{module} does not import: {type(error).__name__}: {error}. {ADVICE}"
        ) from error
    if not hasattr(found, attribute):
        raise NaslibError(f"{module} has no {attribute}: this NASLib is too different. {ADVICE}")
    return getattr(found, attribute)


def require_arguments(function: Callable[..., Any], names: Sequence[str], what: str) -> None:
    """Make sure that a function of NASLib's takes the arguments that the bridge passes.

    Raises:
        NaslibError: It does not.
    """
    signature = inspect.signature(function)
    lacking = [name for name in names if name not in signature.parameters]
    if lacking:
        raise NaslibError(
            f"{what} takes {signature}, the bridge needs the arguments {', '.join(names)}: this "
            "NASLib is too different; the bridge was written for its branch Develop of 2023-11"
        )
