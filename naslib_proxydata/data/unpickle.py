"""Reading pickles of published datasets without letting them run code."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Collection
from typing import Any, BinaryIO


class AllowListUnpickler(pickle.Unpickler):
    """An unpickler that builds only the named globals and refuses all others.

    Args:
        file: The opened pickle.
        allowed: Names such as ``"collections.OrderedDict"``; only list what cannot do harm
            when called with any arguments.
        encoding: How 8-bit strings of Python 2 are read; ``"bytes"`` keeps them as bytes.
    """

    def __init__(self, file: BinaryIO, allowed: Collection[str], encoding: str = "ASCII") -> None:
        super().__init__(file, encoding=encoding)
        self._allowed = frozenset(allowed)

    def find_class(self, module: str, name: str) -> Any:
        """Return an allowed global.

        Raises:
            pickle.UnpicklingError: The pickle asks for anything else.
        """
        if f"{module}.{name}" not in self._allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not allowed")
        current = module.replace("numpy.core.", "numpy._core.", 1)  # its name since numpy 2
        return getattr(importlib.import_module(current), name)


NUMPY_GLOBALS = (
    "numpy.ndarray",
    "numpy.dtype",
    "_codecs.encode",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
)
"""What pickled numpy arrays and numbers are made of; bytes use the codec."""
