"""What a strategy is: a handful of separate parts, put together rather than inherited.

A part that a strategy does not name is that of first-order DARTS. Two strategies that do not
contradict each other can be combined (``pc-darts+beta-darts``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.first_order import FirstOrder, Softmax

if TYPE_CHECKING:
    import torch

    from naslib_proxydata.oneshot.mixture import Choices
    from naslib_proxydata.oneshot.parts import Perturbation, Regulariser, Relaxation
    from naslib_proxydata.oneshot.steps import ArchitectureStep, Progress


@dataclass(frozen=True)
class Strategy:
    """A one-shot strategy; the defaults are first-order DARTS.

    Attributes:
        name: The name on the command line.
        relaxation: How alpha becomes weights.
        step: How alpha's gradient is computed.
        regularisers: Terms added to alpha's loss.
        perturbation: What disturbs the weights in the network's own update; None for nothing.
        progress: What happens between epochs; None for nothing.
        partial: Only 1 / partial of the channels go through operations.
        edge_weights: Whether edges have parameters of their own.
        policy: Makes the module that draws architectures, from the choices and a generator;
            None for alpha.
        learns: Whether architecture parameters are updated at all.
        picks: Number of sampled cells from which the final one is picked by accuracy with
            shared weights; where None, the final cell is derived from the strengths.
        settings: Defaults of :class:`~naslib_proxydata.oneshot.settings.SearchSettings` that
            the paper sets otherwise than DARTS.
    """

    name: str
    relaxation: Relaxation = field(default_factory=Softmax)
    step: ArchitectureStep = field(default_factory=FirstOrder)
    regularisers: tuple[Regulariser, ...] = ()
    perturbation: Perturbation | None = None
    progress: Progress | None = None
    partial: int = 1
    edge_weights: bool = False
    policy: Callable[[Mapping[str, Choices], torch.Generator], Any] | None = None
    learns: bool = True
    picks: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


_FIRST_ORDER_DARTS = Strategy("darts")


def combine(first: Strategy, second: Strategy) -> Strategy:
    """Put the parts of two strategies together; a part at its default gives way.

    Raises:
        ConfigError: Both set the same part, or one setting to two values.
    """
    both = f"{first.name!r} and {second.name!r}"
    parts: dict[str, Any] = {"name": f"{first.name}+{second.name}"}
    for part in (one.name for one in fields(Strategy)):
        if part in ("name", "regularisers", "settings"):
            continue
        default, one, other = (getattr(s, part) for s in (_FIRST_ORDER_DARTS, first, second))
        if default not in (one, other) and one != other:
            raise ConfigError(f"strategies {both} both set the {part}; they cannot be combined")
        parts[part] = other if one == default else one
    clash = [
        k for k in first.settings if second.settings.get(k, first.settings[k]) != first.settings[k]
    ]
    if clash:
        raise ConfigError(
            f"strategies {both} want different {', '.join(clash)}; say which with an option"
        )
    parts["regularisers"] = first.regularisers + second.regularisers
    parts["settings"] = {**first.settings, **second.settings}
    return Strategy(**parts)
