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
    from naslib_proxydata.oneshot.steps import ArchitecturePhase, ArchitectureStep, Progress


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
        learns: Whether a pair of batches updates architecture parameters.
        phase: Trains them after each epoch instead; None for nothing.
        picks: Number of sampled cells from which the final one is picked by accuracy with
            shared weights; where None, the final cell is derived from the strengths.
        weights_first: Whether a pair of batches updates the network's weights before alpha.
        pick_batch: Examples by which each sampled cell is judged; a batch where None.
        settings: Defaults of :class:`~naslib_proxydata.oneshot.settings.SearchSettings` that
            the paper sets otherwise than DARTS.
        settings_in: Those that it sets otherwise in a space, by the space's name.
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
    phase: ArchitecturePhase | None = None
    picks: int | None = None
    weights_first: bool = False
    pick_batch: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_in: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def published(self, space: str) -> dict[str, Any]:
        """Return the paper's settings for a search in a space, where they are not DARTS'."""
        return {**self.settings, **self.settings_in.get(space, {})}


_FIRST_ORDER_DARTS = Strategy("darts")


def combine(first: Strategy, second: Strategy) -> Strategy:
    """Put the parts of two strategies together; a part at its default gives way.

    Raises:
        ConfigError: Both set the same part, or one setting to two values.
    """
    both = f"{first.name!r} and {second.name!r}"
    parts: dict[str, Any] = {"name": f"{first.name}+{second.name}"}
    for part in (one.name for one in fields(Strategy)):
        if part in ("name", "regularisers", "settings", "settings_in"):
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
    spaces = {*first.settings_in, *second.settings_in}
    parts["settings_in"] = {
        space: {**first.settings_in.get(space, {}), **second.settings_in.get(space, {})}
        for space in spaces
    }
    return Strategy(**parts)
