"""Hashes of NASLib that are rows of integers, numpy's among them."""

from __future__ import annotations

from operator import index
from typing import Any

from naslib_proxydata.errors import ArchitectureError


def integers(found: Any, kind: str) -> tuple[int, ...]:
    """Return a hash as plain integers.

    Args:
        found: What ``get_hash()`` of a graph returned.
        kind: What ``get_type()`` of it returns, for the message.

    Raises:
        ArchitectureError: It is no row of integers.
    """
    try:
        return tuple(index(number) for number in found)
    except TypeError:
        raise ArchitectureError(
            f"{found!r} is not a hash of NASLib's {kind!r} graphs: expected a tuple of integers"
        ) from None
