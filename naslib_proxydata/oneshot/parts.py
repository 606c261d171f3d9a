"""The parts of a strategy that see architecture parameters only: how alpha becomes weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.oneshot.mixture import Mixture
    from naslib_proxydata.oneshot.moment import Moment


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


class Attack(Protocol):
    """Disturbs the weights of candidates by how the network's loss depends on them."""

    def perturb(
        self,
        weights: Mapping[str, Tensor],
        allowed: Mapping[str, Tensor],
        loss: Callable[[Mapping[str, Tensor]], Tensor],
        moment: Moment,
    ) -> dict[str, Tensor]:
        """Return disturbed weights by kind of cell, edges x operations; ``loss``: of a batch."""


class Auxiliary(Protocol):
    """Adds a skip connection to every edge, beside its candidates."""

    def weight(self, moment: Moment) -> float:
        """Return what it is multiplied with in an epoch; 0 for none."""


class Policy(Protocol):
    """A module that draws architectures, where a strategy learns one instead of alpha."""

    def mixtures(self, moment: Moment) -> dict[str, Mixture]:
        """Draw one candidate for every edge of every kind of cell."""

    def strengths(self) -> dict[str, Tensor]:
        """Return what a cell is derived from between draws, edges x operations."""
