"""What a strategy is: a handful of separate parts, put together rather than inherited.

A part that a strategy does not name is that of first-order DARTS. Two strategies that do not
contradict each other can be combined (``pc-darts+beta-darts``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol

from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.learner import Learner
    from naslib_proxydata.oneshot.mixture import Choices, Mixture


@dataclass(frozen=True)
class Moment:
    """When in a search something happens.

    Attributes:
        epoch: The epoch, counting from 1.
        epochs: Number of epochs of the search.
        generator: A CPU generator for what is drawn in this epoch.
        skip_dropout: Share of a skip connection's values that are dropped in this epoch.
    """

    epoch: int
    epochs: int
    generator: torch.Generator
    skip_dropout: float = 0.0

    @property
    def progress(self) -> float:
        """Share of the search that lies behind when the epoch begins: (epoch - 1) / epochs."""
        return (self.epoch - 1) / self.epochs


class Relaxation(Protocol):
    """Turns architecture parameters into the weights of candidates."""

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Return the weights of one forward pass; ``alpha``, ``allowed``: edges x operations."""

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return what a cell is derived from, edges x operations, 0 where not allowed."""


class Regulariser(Protocol):
    """Adds a term to the loss of the architecture parameters."""

    def penalty(self, alphas: Sequence[Tensor], moment: Moment) -> Tensor:
        """Return a scalar; ``alphas``: edges x operations of each kind of cell."""


class Perturbation(Protocol):
    """Disturbs the weights of candidates while the network's weights are updated."""

    def perturb(self, weights: Tensor, allowed: Tensor, moment: Moment) -> Tensor:
        """Return disturbed weights, edges x operations."""


class ArchitectureStep(Protocol):
    """Computes the gradient of the architecture parameters."""

    def gradients(
        self, learner: Learner, weights_batch: Batch, architecture_batch: Batch, moment: Moment
    ) -> tuple[Tensor, Tensor]:
        """Set ``.grad`` of the architecture parameters.

        Returns:
            The loss on the architecture batch (without regularisers) and its logits, detached.
        """


class Progress(Protocol):
    """Changes the search between epochs: forbids candidates, deepens the network."""

    def depth(self, epoch: int, epochs: int) -> int | None:
        """Return the number of cells of the supernet in an epoch, None for the user's."""

    def position(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Return an epoch's number within its stage, from 1, and the stage's length."""

    def frozen(self, epoch: int, epochs: int) -> bool:
        """Return whether the architecture parameters stay as they are in an epoch."""

    def skip_dropout(self, epoch: int, epochs: int) -> float:
        """Return the share of skip connections' values that are dropped in an epoch."""

    def epoch_finished(self, learner: Learner, moment: Moment) -> None:
        """Look at an epoch that has ended; may call ``learner.architecture.forbid``."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must hold: tensors, numbers, texts, lists and dicts."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""


class Policy(Protocol):
    """A module that draws architectures, where a strategy learns one instead of alpha."""

    def mixtures(self, moment: Moment) -> dict[str, Mixture]:
        """Draw one candidate for every edge of every kind of cell."""

    def strengths(self) -> dict[str, Tensor]:
        """Return what a cell is derived from between draws, edges x operations."""


@dataclass(frozen=True)
class Strategy:
    """A one-shot strategy; ``None`` leaves a part to first-order DARTS.

    Attributes:
        name: The name on the command line.
        relaxation: How alpha becomes weights.
        step: How alpha's gradient is computed.
        regularisers: Terms added to alpha's loss.
        perturbation: What disturbs the weights in the network's own update.
        progress: What happens between epochs.
        partial: Only 1 / partial of the channels go through operations.
        edge_weights: Whether edges have parameters of their own.
        policy: Makes the module that draws architectures, from the choices and a generator.
        learns: Whether architecture parameters are updated at all.
        picks: Number of sampled cells from which the final one is picked by accuracy with
            shared weights; where None, the final cell is derived from the strengths.
        settings: Defaults of :class:`~naslib_proxydata.oneshot.settings.SearchSettings` that
            the paper sets otherwise than DARTS.
    """

    name: str
    relaxation: Relaxation | None = None
    step: ArchitectureStep | None = None
    regularisers: tuple[Regulariser, ...] = ()
    perturbation: Perturbation | None = None
    progress: Progress | None = None
    partial: int | None = None
    edge_weights: bool | None = None
    policy: Callable[[Mapping[str, Choices], torch.Generator], Any] | None = None
    learns: bool | None = None
    picks: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def combine(first: Strategy, second: Strategy) -> Strategy:
    """Put the parts of two strategies together.

    Raises:
        ConfigError: Both set the same part, or one setting to two values.
    """
    both = f"{first.name!r} and {second.name!r}"
    parts: dict[str, Any] = {"name": f"{first.name}+{second.name}"}
    for part in (one.name for one in fields(Strategy)):
        if part in ("name", "regularisers", "settings"):
            continue
        one, other = getattr(first, part), getattr(second, part)
        if one is not None and other is not None and one != other:
            raise ConfigError(f"strategies {both} both set the {part}; they cannot be combined")
        parts[part] = other if one is None else one
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
