"""Which scorer computes what a selector needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import SelectionError

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.selection.base import Need, Selector
    from naslib_proxydata.selection.scorers.base import Scorer


def needed_arrays(selector: Selector) -> frozenset[Need]:
    """Return which of scores and features a selector needs."""
    return selector.needs & {"scores", "features"}


def find_scorer(
    selector: Selector,
    plugins: Plugins,
    name: str = "",
    options: Mapping[str, Any] | None = None,
) -> Scorer | None:
    """Return the scorer that computes what a selector needs.

    Args:
        selector: The selector.
        plugins: Where scorers are registered.
        name: The scorer that the user names; the selector's own where empty.
        options: Options of the named scorer.

    Returns:
        The scorer, or None where the selector needs none and the user names none.

    Raises:
        ConfigError: The scorer or one of its options is unknown.
        SelectionError: The selector has no scorer of its own and none is named, or the scorer
            gives something else than the selector needs.
    """
    needed = needed_arrays(selector)
    chosen = name or (selector.scorer if needed else "")
    if not chosen:
        if not needed:
            return None
        raise SelectionError(
            f"selector {selector.name!r} needs {' and '.join(sorted(needed))}; name a scorer that "
            "gives them, or give a file of scores"
        )
    scorer = plugins.create("scorers", chosen, **(options or {}))
    lacking = sorted(needed - {scorer.gives})
    if lacking:
        raise SelectionError(
            f"selector {selector.name!r} needs {lacking[0]}, scorer {chosen!r} gives "
            f"{scorer.gives}; name another scorer, or give a file of {lacking[0]}"
        )
    return scorer
