"""A search space by its name, and the parameters by which a tuner names its architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from naslib_proxydata.errors import BridgeError
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.listed import listed_parameters
from naslib_proxydata.spaces.common.parameters import Parameters


def space_of(space: str | SearchSpace[Any]) -> SearchSpace[Any]:
    """Return a search space that is given itself or by its name.

    Raises:
        ConfigError: There is no such space; the closest is named.
    """
    if isinstance(space, SearchSpace):
        return space
    made: SearchSpace[Any] = load_plugins(()).create("spaces", space)
    return made


def parameters_of(
    space: SearchSpace[Any], architectures: Sequence[str] | None = None, *, by_row: bool = False
) -> Parameters[Any]:
    """Return the space's own parameters, or the row among listed architectures.

    Args:
        space: The search space.
        architectures: Texts to choose from; needed where the space has no parameters of its own.
        by_row: Whether rows are wanted although the space has parameters.

    Raises:
        BridgeError: There are neither parameters nor a list.
        ArchitectureError: The list is empty.
    """
    own = space.parameters()
    if own is not None and not by_row:
        return own
    if architectures is None:
        raise BridgeError(
            f"space {space.name!r} {'has no parameters of its own' if own is None else 'by row'}: "
            "say from which architectures to choose, architectures=[TEXT, ...], as a table holds "
            "them"
        )
    return listed_parameters(space, architectures)
