"""The dominant eigenvalue of the Hessian of the validation loss in alpha, as an optional hook.

It grows before a DARTS cell collapses (arXiv 1909.09656, section 4).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.kernels.compiled import paused
from naslib_proxydata.oneshot.first_order import Softmax
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.runs.processes import alone, from_first

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.learner import Learner

_log = logging.getLogger(__name__)


def dominant_eigenvalue(
    loss: Tensor,
    parameters: Sequence[Tensor],
    generator: torch.Generator,
    *,
    iterations: int = 20,
    tolerance: float = 1e-3,
) -> float:
    """Return the Hessian eigenvalue of largest magnitude by power iteration.

    v <- H v / ||H v||, lambda = v^T H v, with H v by differentiating (grad loss)^T v.

    Args:
        loss: A scalar that depends on the parameters.
        parameters: Where the Hessian is taken.
        generator: Source of the first vector.
        iterations: Largest number of products.
        tolerance: Stop when lambda changes by less than this share.
    """
    gradients = torch.autograd.grad(loss, list(parameters), create_graph=True)
    flat = torch.cat([one.flatten() for one in gradients])
    vector = torch.randn(flat.shape, generator=generator).to(flat)
    vector = vector / vector.norm()
    eigenvalue = 0.0
    for _ in range(iterations):
        product = torch.autograd.grad(flat @ vector, list(parameters), retain_graph=True)
        image = torch.cat([one.flatten() for one in product]).detach()
        last, eigenvalue = eigenvalue, float(vector @ image)
        norm = image.norm()
        if norm == 0 or abs(eigenvalue - last) <= tolerance * abs(eigenvalue):
            break
        vector = image / norm
    return eigenvalue


class HessianTracker:
    """Estimates the eigenvalue on the last architecture batch of an epoch.

    Candidates are weighed by softmax(alpha), whatever the strategy, so that estimates of
    strategies can be compared; one that learns a policy instead of alpha has no estimates. The
    search does not change.

    Args:
        learner: The search's trainable state.
        every: Epochs between two estimates.

    Attributes:
        values: The estimates by epoch.
    """

    def __init__(self, learner: Learner, every: int = 1) -> None:
        self._learner = learner
        self._every = every
        self.values: dict[int, float] = {}

    @hookimpl
    def epoch_finished(self, epoch: int) -> None:
        """Estimate, if it is this epoch's turn."""
        learner = self._learner
        batch = learner.last_architecture_batch
        if epoch % self._every or batch is None or learner.architecture.policy is not None:
            return
        moment = Moment.of(learner.settings, epoch, "hessian", epoch)
        # Second derivatives pass neither from process to process nor through compiled code.
        with alone(), paused():
            loss, _ = learner.loss(batch, learner.architecture.mixtures(Softmax(), moment))
            alphas = list(learner.architecture.alpha.values())
            value = dominant_eigenvalue(loss, alphas, moment.decisions)
        self.values[epoch] = from_first(value)
        _log.info("epoch %d: dominant Hessian eigenvalue %.4g", epoch, self.values[epoch])

    def state_dict(self) -> dict[str, Any]:
        """Return the estimates, for a checkpoint."""
        return {"values": {str(epoch): value for epoch, value in self.values.items()}}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Take over the estimates."""
        self.values = {int(epoch): value for epoch, value in state["values"].items()}
