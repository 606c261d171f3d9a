"""What a strategy is: a handful of separate parts, put together rather than inherited.

A part that a strategy does not name is that of first-order DARTS. Two strategies that do not
contradict each other can be combined (``pc-darts+beta-darts``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.first_order import FirstOrder, Softmax

if TYPE_CHECKING:
    import torch

    from naslib_proxydata.oneshot.mixture import Choices
    from naslib_proxydata.oneshot.parts import (
        Attack,
        Auxiliary,
        Perturbation,
        Regulariser,
        Relaxation,
    )
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
        attack: What disturbs them by the gradient of its loss; None for nothing.
        auxiliary: A skip connection beside the candidates of every edge; None for none.
        progress: What happens between epochs; None for nothing.
        partial: Only 1 / partial of the channels go through operations.
        edge_weights: Whether edges have parameters of their own.
        policy: Makes the module that draws architectures, from the choices and a generator;
            None for alpha.
        learns: Whether a pair of batches updates architecture parameters.
        phase: Trains or decides them after each epoch, by examples; None for nothing.
        picks: Number of sampled cells from which the final one is picked by accuracy with
            shared weights; where None, the final cell is derived from the strengths.
        weights_first: Whether a pair of batches updates the network's weights before alpha.
        pick_batch: Examples by which each sampled cell is judged; a batch where None.
        settings: Defaults of :class:`~naslib_proxydata.oneshot.settings.SearchSettings` that
            the paper sets otherwise than DARTS.
        settings_in: Those that it sets otherwise in a space, by the space's name.
        joined: The strategies that this one was put together from; empty for a single one.
    """

    name: str
    relaxation: Relaxation = field(default_factory=Softmax)
    step: ArchitectureStep = field(default_factory=FirstOrder)
    regularisers: tuple[Regulariser, ...] = ()
    perturbation: Perturbation | None = None
    attack: Attack | None = None
    auxiliary: Auxiliary | None = None
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
    joined: tuple[Strategy, ...] = ()

    def published(self, space: str, given: Collection[str] = ()) -> dict[str, Any]:
        """Return the papers' settings for a search in a space, where they are not DARTS'.

        Args:
            space: Name of the search space.
            given: Settings that the user gives, about which papers need not agree.

        Raises:
            ConfigError: Two joined strategies want different values of one that is not given.
        """
        if not self.joined:
            return {**self.settings, **self.settings_in.get(space, {})}
        wanted: dict[str, dict[str, Any]] = {}
        for one in self.joined:
            for key, value in one.published(space).items():
                wanted.setdefault(key, {})[one.name] = value
        free = {key: values for key, values in wanted.items() if key not in given}
        clashes = {key: values for key, values in free.items() if len(set(values.values())) > 1}
        if clashes:
            raise ConfigError(_clash(self.name, clashes))
        return {key: next(iter(values.values())) for key, values in free.items()}


def _clash(name: str, clashes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the message for settings about which the papers of joined strategies differ."""
    told = [
        f"{key} ({', '.join(f'{value} for {who}' for who, value in values.items())})"
        for key, values in sorted(clashes.items())
    ]
    options = " ".join(
        "--epochs E" if key == "epochs" else f"--set training.{key}=VALUE"
        for key in sorted(clashes)
    )
    return f"the strategies of {name!r} want different {', '.join(told)}; say which with {options}"


_FIRST_ORDER_DARTS = Strategy("darts")


def combine(first: Strategy, second: Strategy) -> Strategy:
    """Put the parts of two strategies together; a part at its default gives way.

    Settings about which they differ are refused by :meth:`Strategy.published`, which knows the
    space and what the user gives.

    Raises:
        ConfigError: Both set the same part.
    """
    both = f"{first.name!r} and {second.name!r}"
    parts: dict[str, Any] = {"name": f"{first.name}+{second.name}"}
    for part in (one.name for one in fields(Strategy)):
        if part in ("name", "regularisers", "settings", "settings_in", "joined"):
            continue
        default, one, other = (getattr(s, part) for s in (_FIRST_ORDER_DARTS, first, second))
        if default not in (one, other) and one != other:
            raise ConfigError(f"strategies {both} both set the {part}; they cannot be combined")
        parts[part] = other if one == default else one
    parts["joined"] = (*(first.joined or (first,)), *(second.joined or (second,)))
    parts["regularisers"] = first.regularisers + second.regularisers
    parts["settings"] = {**first.settings, **second.settings}
    spaces = {*first.settings_in, *second.settings_in}
    parts["settings_in"] = {
        space: {**first.settings_in.get(space, {}), **second.settings_in.get(space, {})}
        for space in spaces
    }
    return Strategy(**parts)
