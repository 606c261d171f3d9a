"""What a tuner may be proposed: a whole space, listed architectures, or those within a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.spaces.base import Architecture, SearchSpace


def proposable(
    space: SearchSpace[Architecture],
    architectures: Sequence[str] | None = None,
    allows: Callable[[str], bool] | None = None,
    *,
    exact: bool = False,
) -> Domain[Architecture]:
    """Return what may be proposed.

    Args:
        space: The search space.
        architectures: Texts that random draws choose from; the whole space where None.
        allows: Whether an architecture may be proposed, by its text. Where None,
            ``architectures`` may, and what computes the same.
        exact: Whether only the listed texts themselves can be told, as by their row.
    """
    if architectures is None and allows is None:
        return Domain(space)
    texts = frozenset(architectures or ())
    keys = frozenset() if allows else frozenset(space.hash(space.parse(text)) for text in texts)

    def may(architecture: Architecture) -> bool:
        text = space.text(architecture)
        if exact and text not in texts:
            return False
        if allows is not None:
            return allows(text)
        return text in texts or space.hash(architecture) in keys

    condition = "what may be proposed (architectures, allows)"
    return Domain(space, allows=may, listed=architectures, condition=condition)
