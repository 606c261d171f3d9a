"""Which of Optuna's parameters name an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution

from naslib_proxydata.errors import BridgeError
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.parameters import Parameters, listed_parameters

ARCHITECTURE = "architecture"
"""The user attribute of a trial that holds its architecture's text."""


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


def distributions_of(parameters: Parameters[Any]) -> dict[str, BaseDistribution]:
    """Return Optuna's categorical distribution of each parameter."""
    return {name: CategoricalDistribution(choices) for name, choices in parameters.choices.items()}
