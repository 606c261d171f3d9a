"""The text of a network of NDS: the ``net`` of a released record as compact JSON."""

from __future__ import annotations

import json
from typing import Any, Final

from naslib_proxydata.errors import ArchitectureError

LARGEST_DEPTH: Final = 1_000
LARGEST_WIDTH: Final = 65_536
"""Blocks and channels of a stage, far beyond any that was trained: counting them takes no time."""


def read_record(text: str, space: str, expected: str) -> Any:
    """Read a network's JSON.

    Args:
        text: The JSON.
        space: Name of the space, for errors.
        expected: What the JSON should hold, for errors.

    Raises:
        ArchitectureError: It is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise ArchitectureError(
            f"not an architecture of {space}: {str(text)[:80]!r}; expected JSON with {expected}"
        ) from None


def write_record(record: dict[str, Any]) -> str:
    """Return a network's JSON, without spaces."""
    return json.dumps(record, separators=(",", ":"))
