"""The parts of a strategy that act on a search: its architecture step and its progress.

They see the learner through a protocol, so that the learner can know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from naslib_proxydata.errors import SearchError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Adam

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.architecture import ArchitectureParameters
    from naslib_proxydata.oneshot.mixture import Mixture
    from naslib_proxydata.oneshot.moment import Moment
    from naslib_proxydata.oneshot.parts import Relaxation
    from naslib_proxydata.oneshot.settings import SearchSettings
    from naslib_proxydata.oneshot.supernets.base import Supernet


class TrainableState(Protocol):
    """What a step and a progress may use of a search's learner.

    Attributes:
        settings: Learning rates and the like.
        supernet: The network.
        architecture: alpha and what is allowed.
        relaxation: Turns alpha into weights.
        weights: The network's parameters.
        architecture_parameters: The parameters whose gradient a step sets.
        architecture_optimizer: Their Adam.
        batch_size: Examples in a batch; may be changed between epochs.
    """

    settings: SearchSettings
    supernet: Supernet
    architecture: ArchitectureParameters
    relaxation: Relaxation
    weights: list[Tensor]
    architecture_parameters: list[Tensor]
    architecture_optimizer: Adam
    batch_size: int

    @property
    def weights_lr(self) -> float:
        """The weights' learning rate of this epoch."""

    def momentum_of(self, weight: Tensor) -> Tensor:
        """Return a weight's momentum buffer, zeros before the first step."""

    def mixtures(self, moment: Moment) -> dict[str, Mixture]:
        """Return the mixtures of one forward pass, undisturbed."""

    def loss(self, batch: Batch, mixtures: Mapping[str, Mixture]) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy of a batch and its logits (n, classes)."""

    def penalty(self, moment: Moment) -> Tensor:
        """Return the sum of the strategy's regularisers."""

    def scaled(self, loss: Tensor) -> Tensor:
        """Return what is differentiated in place of a loss, for small gradients in float16."""


class ArchitectureStep(Protocol):
    """Computes the gradient of the architecture parameters."""

    def gradients(
        self,
        learner: TrainableState,
        weights_batch: Batch,
        architecture_batch: Batch,
        moment: Moment,
    ) -> tuple[Tensor, Tensor]:
        """Set ``.grad`` of the architecture parameters.

        Returns:
            The loss on the architecture batch (without regularisers) and its logits, detached.
        """


class ArchitecturePhase(Protocol):
    """Trains or decides the architecture after each epoch, by examples of its own."""

    def run(self, learner: TrainableState, batches: Iterable[Batch], moment: Moment) -> None:
        """Train them.

        Args:
            learner: The supernet and its architecture parameters.
            batches: The architecture batches, each time in another order, not augmented.
            moment: The epoch that has ended, and where random numbers come from.
        """


class Progress:
    """Changes the search between epochs: forbids candidates, deepens the network.

    This one changes nothing; others say only what they change.
    """

    def check(self, supernet: Supernet, cells: int | None) -> None:
        """Refuse a supernet that this cannot be done to, before anything is spent.

        Args:
            supernet: As it is at the start.
            cells: The number of cells that the user asked for, None where nothing was said.

        Raises:
            SearchError: It cannot; the message says what to do.
        """

    def fewest_epochs(self) -> int:
        """Return the smallest number of epochs in which all of this happens at all."""
        return 1

    def depth(self, epoch: int, epochs: int, cells: int | None) -> int | None:
        """Return the number of cells of the supernet in an epoch.

        Args:
            epoch: The epoch, counting from 1.
            epochs: Number of epochs of the search.
            cells: The number that the user asked for, None where nothing was said.

        Returns:
            None for the user's, or the supernet's own.
        """
        return None

    def partial(self, epoch: int, epochs: int) -> int | None:
        """Return the K of partial channels in an epoch, None for the strategy's own."""
        return None

    def position(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Return an epoch's number within its stage, from 1, and the stage's length."""
        return epoch, epochs

    def peak(self, epoch: int, epochs: int) -> float:
        """Return the weights' learning rate at the start of an epoch's stage, as a share."""
        return 1.0

    def frozen(self, epoch: int, epochs: int) -> bool:
        """Return whether the architecture parameters stay as they are in an epoch."""
        return False

    def skip_dropout(self, epoch: int, epochs: int) -> float:
        """Return the share of skip connections' values that are dropped in an epoch."""
        return 0.0

    def epoch_finished(self, learner: TrainableState, moment: Moment) -> None:
        """Look at an epoch that has ended; may call ``learner.architecture.forbid``."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must hold: tensors, numbers, texts, lists and dicts.

        What is forbidden is kept with alpha.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""


def require_operations_of_edges(supernet: Supernet, who: str) -> None:
    """Refuse a space of other choices than the operations of edges.

    Args:
        supernet: Of the space.
        who: What the strategy does to operations, with its name.

    Raises:
        SearchError: Not every choice of the space is the operation of an edge.
    """
    if not supernet.edgewise:
        raise SearchError(
            f"{who}, and this space has choices of another kind; use another strategy, such as "
            "darts"
        )


def stage_of(epoch: int, epochs: int, stages: int) -> int:
    """Return which of several equal stages an epoch is in, counting from 0."""
    return min((epoch - 1) * stages // epochs, stages - 1)
