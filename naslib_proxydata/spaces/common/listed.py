"""Architectures of a list by one parameter, their row, where a space has no parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.base import Architecture, SearchSpace
from naslib_proxydata.spaces.common.parameters import Choice, Parameters

ROW: Final = "row"
"""The one parameter of architectures that are told by their place in a list."""


def listed_parameters(
    space: SearchSpace[Architecture], texts: Sequence[str]
) -> Parameters[Architecture]:
    """Return the one parameter :data:`ROW`: which of some architectures it is, counted from 0.

    Args:
        space: Their space.
        texts: Their texts.

    Raises:
        ArchitectureError: There is none.
    """
    if not texts:
        raise ArchitectureError("expected at least one architecture to choose from, got none")
    rows = {text: row for row, text in enumerate(texts)}

    def row(architecture: Architecture) -> Sequence[Choice]:
        text = space.text(architecture)
        if text not in rows:
            raise ArchitectureError(f"{shown(text)} is none of the {len(texts):,} to choose from")
        return (rows[text],)

    return Parameters(
        {ROW: tuple(range(len(texts)))}, lambda choice: space.parse(texts[choice[0]]), row
    )
